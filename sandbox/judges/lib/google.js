// Google's clients look for a metadata server of Google's cloud even where they are given credentials; here they shall not.
process.env.METADATA_SERVER_DETECTION = 'none';

import grpc from '@grpc/grpc-js';

/** A client of the library at host:port, without TLS and credentials. */
export function at(address, Client) {
  const [apiEndpoint, port] = address.split(':');
  return new Client({ apiEndpoint, port: Number(port), sslCreds: grpc.credentials.createInsecure(), gaxServerStreamingRetries: true, projectId: 'judges-1' });
}

// A gateway that ends TLS before a plaintext listener, for clients that speak nothing else.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { root } from './product.js';

/** Go's own tool makes a key and a certificate for 127.0.0.1, once, so that none lies in the repository. */
let made;
const certificate = () => (made ??= make());

function make() {
  const folder = join(root, '.cache/judges/tls');
  mkdirSync(folder, { recursive: true });
  const goroot = spawnSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).stdout.trim();
  const run = spawnSync('go', ['run', join(goroot, 'src/crypto/tls/generate_cert.go'), '--host', '127.0.0.1', '--ca', '--ecdsa-curve', 'P256'],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, GOWORK: 'off', GOFLAGS: '' } });
  if (run.status !== 0) throw new Error(`making a certificate with Go's crypto/tls/generate_cert.go failed:\n${run.stderr}`);
  return { cert: readFileSync(join(folder, 'cert.pem')), key: readFileSync(join(folder, 'key.pem')) };
}

/** Listens with TLS and HTTP/2 for a plaintext host:port; returns its own, and how to close it. */
export async function gateway(address) {
  const [host, port] = address.split(':');
  const open = new Set();
  const server = createServer({ ...certificate(), ALPNProtocols: ['h2'] }, (socket) => {
    const inner = connect(Number(port), host);
    for (const [s, other] of [[socket, inner], [inner, socket]]) {
      open.add(s);
      s.on('error', () => other.destroy()).on('close', () => { open.delete(s); other.destroy(); });
    }
    socket.pipe(inner).pipe(socket);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    address: `127.0.0.1:${server.address().port}`,
    close: () => new Promise((done) => {
      server.close(done);
      for (const s of open) s.destroy();
    }),
  };
}

// A customer's server as Twilio's documentation describes it: webhooks over HTTP, Media Streams over WebSocket. It keeps all that
// comes.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** answer(request) gives {status, type, body}, or nothing for an empty 204. */
export async function startCustomer(answer) {
  const requests = [];
  const streams = [];
  const server = createServer((req, res) => {
    const chunks = [];
    req.on('data', (c) => chunks.push(c)).on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const request = {
        method: req.method, path: req.url.split('?')[0], url: `${http}${req.url}`, headers: req.headers, body,
        params: Object.fromEntries(new URLSearchParams(body)), names: [...new URLSearchParams(body).keys()],
      };
      requests.push(request);
      const { status = 204, type, body: out = '' } = answer(request) ?? {};
      res.writeHead(status, type ? { 'content-type': type } : {}).end(out);
    });
  });
  new WebSocketServer({ server }).on('connection', (socket, req) => {
    const stream = { path: req.url, url: `${ws}${req.url}`, headers: req.headers, messages: [], texts: [], closed: undefined, socket };
    streams.push(stream);
    socket.on('message', (data, binary) => {
      stream.texts.push([data.toString(), binary]);
      stream.messages.push(JSON.parse(data.toString()));
    }).on('close', (code) => { stream.closed = code; });
    answer.stream?.(stream);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address();
  const http = `http://127.0.0.1:${port}`;
  const ws = `ws://127.0.0.1:${port}`;
  return {
    requests, streams, http, ws,
    at: (path) => requests.filter((r) => r.path.endsWith(path)),
    close: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }),
  };
}

export const twiml = (response) => ({ status: 200, type: 'text/xml', body: response.toString() });

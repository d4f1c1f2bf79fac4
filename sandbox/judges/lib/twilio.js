import { randomBytes } from 'node:crypto';
import twilio from 'twilio';

/** A tenant's carrier account as `frontdesk up` names it. */
export function account(product, tenant) {
  const rest = (name) => product.endpoints.credential('Twilio REST API', tenant, name);
  return {
    sid: rest('account'),
    token: rest('auth token'),
    api: product.endpoints.address('Twilio REST API', tenant),
    voice: product.endpoints.address('Twilio webhooks', tenant),
    numbers: product.endpoints.credential('Twilio webhooks', tenant, 'numbers').split(' '),
  };
}

export const newSid = (prefix) => prefix + randomBytes(16).toString('hex');

/** The parameters of a call that comes in. */
export const incoming = (a, to, more = {}) => ({
  CallSid: newSid('CA'), AccountSid: a.sid, From: '+14155550199', To: to, CallStatus: 'ringing', Direction: 'inbound', ApiVersion: '2010-04-01', ...more,
});

/** Posts a form as Twilio does, signed by its library. */
export function post(a, url, params, { token = a.token, signature, headers } = {}) {
  const address = url.split('#')[0]; // what stands behind # is for Twilio, and not sent
  return fetch(address, {
    method: 'POST', body: new URLSearchParams(params),
    headers: { 'x-twilio-signature': signature ?? twilio.getExpectedTwilioSignature(token, address, params), ...headers },
  });
}

/** The library's client, whose requests to api.twilio.com go to the sandbox. */
export function client(a, { sid = a.sid, token = a.token } = {}) {
  const c = twilio(sid, token);
  const request = c.httpClient.request.bind(c.httpClient);
  c.httpClient.request = (options) => request({ ...options, uri: options.uri.replace('https://api.twilio.com', a.api) });
  return c;
}

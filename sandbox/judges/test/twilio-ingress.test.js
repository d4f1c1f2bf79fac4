// Twilio's helper library as Twilio: it signs what ingress is sent, and ingress' TwiML is compared with what the library builds.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import twilio from 'twilio';
import { WebSocket } from 'ws';
import { startProduct } from '../lib/product.js';
import { account, incoming, newSid, post } from '../lib/twilio.js';
import { parseXML, walk } from '../lib/xml.js';

const { VoiceResponse } = twilio.twiml;
let product, acme, globex;

before(async () => {
  product = await startProduct('twilio-ingress');
  acme = account(product, 'acme');
  globex = account(product, 'globex');
});
after(() => product?.stop());

/** Rings a number and, where it asks, answers; returns every TwiML in order. */
async function ring(a, to, digits) {
  const params = incoming(a, to);
  const documents = [];
  let url = a.voice;
  let answers = {};
  for (;;) {
    const res = await post(a, url, { ...params, ...answers });
    assert.equal(res.status, 200);
    assert.equal(res.headers.get('content-type'), 'text/xml; charset=utf-8');
    const text = await res.text();
    documents.push(text);
    const gather = [...walk(parseXML(text))].find((e) => e.name === 'Gather');
    if (!gather) return { documents, params };
    url = gather.attributes.action;
    answers = { CallStatus: 'in-progress', Digits: digits };
  }
}

describe('webhooks', () => {
  const number = () => acme.numbers[0];

  test('signed by the library: TwiML', async () => {
    const res = await post(acme, acme.voice, incoming(acme, number()));
    assert.equal(res.status, 200);
    assert.match(await res.text(), /<Response>/);
  });

  for (const [what, change] of [
    ['a wrong token', (p) => post(acme, acme.voice, p, { token: 'another token' })],
    ['the token of another account', (p) => post(acme, acme.voice, p, { token: globex.token })],
    ['no signature', (p) => post(acme, acme.voice, p, { signature: '' })],
    ['a signature of other parameters', (p) => post(acme, acme.voice, { ...p, From: '+19998887777' }, { signature: twilio.getExpectedTwilioSignature(acme.token, acme.voice, p) })],
    ['a signature of another URL', (p) => post(acme, `${acme.voice}?x=1`, p, { signature: twilio.getExpectedTwilioSignature(acme.token, acme.voice, p) })],
    ['a signature for the host that an attacker names', (p) => post(acme, acme.voice, p, { signature: twilio.getExpectedTwilioSignature(acme.token, 'http://evil.example/voice', p), headers: { 'x-forwarded-host': 'evil.example' } })],
    ['an account that is not the path\'s', (p) => post(acme, acme.voice, { ...p, AccountSid: globex.sid })],
    ['an account that nobody has', (p) => post(acme, acme.voice.replace(acme.sid, 'AC99999999999999999999999999999999'), p)],
  ]) {
    test(`${what} is answered 403, without TwiML`, async () => {
      const res = await change(incoming(acme, number()));
      assert.equal(res.status, 403);
      assert.doesNotMatch(await res.text(), /<Response>/);
    });
  }

  test('both tokens are good during a rotation', async () => {
    for (const token of ['sandbox-only-auth-token-of-globex', 'sandbox-only-older-token-of-globex']) { // samples/tenants/globex.yaml
      assert.equal((await post(globex, globex.voice, incoming(globex, globex.numbers[0]), { token })).status, 200);
    }
  });

  test('a status callback is stored: 204', async () => {
    const { params } = await ring(acme, number(), '2');
    const res = await post(acme, acme.voice.replace(/voice$/, 'status'), { ...params, CallStatus: 'completed', CallDuration: '12', Timestamp: new Date().toUTCString().replace('GMT', '+0000'), SequenceNumber: '0', CallbackSource: 'call-progress-events' });
    assert.equal(res.status, 204);
  });

  test('a JSON body, signed by its hash', async () => {
    const { params } = await ring(acme, acme.numbers[3], '1');
    const send = (body, signed = body, token = acme.token) => {
      const url = `${acme.voice.replace(/voice$/, 'disposition')}?bodySHA256=${createHash('sha256').update(signed).digest('hex')}`;
      const signature = twilio.getExpectedTwilioSignature(token, url, {});
      assert.equal(twilio.validateRequestWithBody(acme.token, signature, url, body), body === signed && token === acme.token);
      return fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-twilio-signature': signature } });
    };
    const body = JSON.stringify({ CallSid: params.CallSid, AccountSid: acme.sid, To: acme.numbers[3], Disposition: 'ResolvedByAgent' });
    const res = await send(body);
    assert.equal(res.status, 204, await res.text());
    assert.equal((await send(body.replace('ResolvedByAgent', 'Spam'), body)).status, 403);
    assert.equal((await send(body, body, 'another token')).status, 403);
  });

  test('parameters of every script are signed alike', async () => {
    const res = await post(acme, acme.voice, incoming(acme, number(), { CallerName: 'Žofie Ñandú 龍 & + = %20 "x"', FromCity: '', caller: 'lower case', Zebra: 'a\r\nb' }));
    assert.equal(res.status, 200);
  });
});

describe('TwiML is what the library builds', () => {
  /** The name of our URL, without host, token and overrides, which differ from call to call. */
  const plain = (a, element) => ({
    ...element,
    attributes: Object.fromEntries(Object.entries(element.attributes).map(([k, v]) => [k, stripped(a, v)])),
    children: element.children.map((c) => (typeof c === 'string' ? stripped(a, c) : plain(a, c))),
  });
  const stripped = (a, v) => {
    const base = a.voice.replace(/voice$/, '');
    if (v.startsWith(base)) {
      const url = new URL(v);
      assert.match(url.search, /^\?t=[\w-]{40,}$/);
      assert.equal(url.hash, '#rc=3&rp=5xx,ct,rt');
      return `<${url.pathname.split('/').at(-1)}>`;
    }
    if (v === `${base.replace(/^http/, 'ws')}media`) return '<media>';
    if (v.startsWith('https://webhooks.twilio.com/')) return v.replace(/Token=[\w-]+/, 'Token=');
    return /^[\w-]{100,}$/.test(v) ? '<token>' : v;
  };
  const same = (a, actual, expected) => assert.deepEqual(plain(a, parseXML(actual)), parseXML(expected.toString()));

  const asked = () => {
    const v = new VoiceResponse();
    v.gather({ input: 'dtmf', numDigits: 1, timeout: 6, actionOnEmptyResult: true, action: '<consent>', method: 'POST' })
      .say({ language: 'en-US' }, 'This call is transcribed by a computer to help you faster. If you agree, press 1. If not, press 2.');
    v.redirect({ method: 'POST' }, '<onward>');
    return v;
  };
  const heard = (v) => {
    const s = v.start().stream({ name: 'frontdesk-0', url: '<media>', track: 'both_tracks', statusCallback: '<stream-status>', statusCallbackMethod: 'POST' });
    s.parameter({ name: 'token', value: '<token>' });
  };
  const recorded = { record: 'record-from-answer-dual', recordingStatusCallback: '<recording>', recordingStatusCallbackMethod: 'POST', recordingStatusCallbackEvent: 'in-progress completed absent' };
  const dialled = (v, sip, more = {}) => v.dial({ action: '<dial-action>', method: 'POST', timeout: 30, ...more })
    .sip({ statusCallback: '<dial-status>', statusCallbackMethod: 'POST', statusCallbackEvent: 'initiated ringing answered completed' }, sip);

  test('the question, then stream and dial', async () => {
    const { documents } = await ring(acme, acme.numbers[0], '1');
    same(acme, documents[0], asked());
    const v = new VoiceResponse();
    heard(v);
    dialled(v, 'sip:receptionist@acme.example', recorded);
    same(acme, documents[1], v);
  });

  test('refused: no stream and no recording', async () => {
    const { documents } = await ring(acme, acme.numbers[0], '2');
    const v = new VoiceResponse();
    dialled(v, 'sip:receptionist@acme.example');
    same(acme, documents[1], v);
  });

  test('nobody is asked where the policy says so', async () => {
    const { documents } = await ring(globex, globex.numbers[0]);
    const v = new VoiceResponse();
    heard(v);
    dialled(v, 'sip:sales@globex.example');
    assert.equal(documents.length, 1);
    same(globex, documents[0], v);
  });

  test('a voicemail', async () => {
    const { documents } = await ring(acme, acme.numbers[2], '1');
    const v = new VoiceResponse();
    heard(v);
    v.say({ language: 'en-US' }, 'Our office is closed. Please leave a message after the tone.');
    v.record({ action: '<voicemail>', method: 'POST', maxLength: 180, timeout: 10, playBeep: true, recordingStatusCallback: '<recording>', recordingStatusCallbackMethod: 'POST', recordingStatusCallbackEvent: 'in-progress completed absent' });
    same(acme, documents[1], v);
  });

  test('back to Studio', async () => {
    const { documents } = await ring(acme, acme.numbers[3], '1');
    const v = new VoiceResponse();
    heard(v);
    v.redirect({ method: 'POST' }, `https://webhooks.twilio.com/v1/Accounts/${acme.sid}/Flows/FW00000000000000000000000000000001?Consent=granted&FlowEvent=return&Token=`);
    same(acme, documents[1], v);
  });

  test('every verb, noun and attribute is one that the library knows', async () => {
    const types = readFileSync(createRequire(import.meta.url).resolve('twilio/lib/twiml/VoiceResponse.d.ts'), 'utf8');
    const known = new Map();
    for (const [, name, body] of types.matchAll(/export interface (\w+)Attributes \{([^}]*)\}/g)) {
      known.set(name, new Set([...(known.get(name) ?? []), ...[...body.matchAll(/^\s+"?([\w:-]+)"?\?:/gm)].map((m) => m[1])]));
    }
    const fallback = await (await fetch(new URL('/twilio/fallback.xml', acme.voice))).text();
    const all = [fallback];
    for (const a of [acme, globex]) for (const to of a.numbers) for (const digits of ['1', '2', '']) all.push(...(await ring(a, to, digits)).documents);
    let seen = 0;
    for (const text of all) {
      for (const e of walk(parseXML(text))) {
        if (e.name === 'Response') continue;
        seen++;
        if (e.name === 'Hangup') {
          assert.deepEqual(e.attributes, {});
          continue;
        }
        assert.ok(known.has(e.name), e.name);
        for (const name of Object.keys(e.attributes)) assert.ok(known.get(e.name).has(name), `${e.name} ${name}`);
      }
    }
    assert.ok(seen > 50);
  });
});

describe('Media Streams, sent by Node', () => {
  const url = () => acme.voice.replace(/^http/, 'ws').replace(/voice$/, 'media');
  const open = (signature, address = url()) => new Promise((done, fail) => {
    const socket = new WebSocket(address, { headers: signature === undefined ? {} : { 'x-twilio-signature': signature } });
    socket.on('open', () => done(socket)).on('unexpected-response', (_, res) => { res.resume(); fail(Object.assign(new Error(`HTTP ${res.statusCode}`), { status: res.statusCode })); }).on('error', fail);
  });
  const signature = (token = acme.token, address = url()) => twilio.getExpectedTwilioSignature(token, address, {});
  const closed = (socket) => new Promise((done) => socket.on('close', (code, reason) => done({ code, reason: `${reason}` })));

  for (const [what, sign] of [['no signature', () => undefined], ['a wrong token', () => signature('another token')], ["another URL's", () => signature(acme.token, `${url()}/x`)]]) {
    test(`${what}: the upgrade is refused with 403`, async () => {
      await assert.rejects(open(sign()), (e) => e.status === 403);
    });
  }

  /** A stream's messages as Twilio documents them, of a call that ingress knows. */
  const start = (callSid, value, more = {}) => {
    const streamSid = newSid('MZ');
    return {
      event: 'start', sequenceNumber: '1', streamSid,
      start: { accountSid: acme.sid, streamSid, callSid, tracks: ['inbound', 'outbound'], mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }, customParameters: { token: value }, ...more },
    };
  };
  const call = async () => {
    const { documents, params } = await ring(acme, acme.numbers[0], '1');
    return [params.CallSid, [...walk(parseXML(documents[1]))].find((e) => e.name === 'Parameter').attributes.value];
  };
  const connected = { event: 'connected', protocol: 'Call', version: '1.0.0' };

  test('a whole stream is taken, and the socket closed in order after stop', async () => {
    const [callSid, value] = await call();
    const socket = await open(signature());
    const end = closed(socket);
    const begin = start(callSid, value);
    const send = (m) => socket.send(JSON.stringify(m));
    send(connected);
    send(begin);
    let sequence = 1;
    for (let i = 0; i < 100; i++) {
      for (const track of ['inbound', 'outbound']) {
        send({ event: 'media', sequenceNumber: `${++sequence}`, media: { track, chunk: `${i + 1}`, timestamp: `${i * 20}`, payload: Buffer.alloc(160, 0xff).toString('base64') }, streamSid: begin.streamSid });
      }
    }
    send({ event: 'stop', sequenceNumber: `${++sequence}`, stop: { accountSid: acme.sid, callSid }, streamSid: begin.streamSid });
    assert.deepEqual(await end, { code: 1000, reason: '' });
  });

  for (const [what, code, messages] of [
    ['a token that is none', 1008, (c) => [connected, start(c[0], 'made up')]],
    ['the token of another call', 1008, (c) => [connected, start(newSid('CA'), c[1])]],
    ['another account', 1008, (c) => [connected, start(c[0], c[1], { accountSid: globex.sid })]],
    ['another encoding', 1003, (c) => [connected, start(c[0], c[1], { mediaFormat: { encoding: 'audio/x-l16', sampleRate: 16000, channels: 1 } })]],
    ['media before start', 1008, () => [connected, { event: 'media', sequenceNumber: '2', media: { track: 'inbound', chunk: '1', timestamp: '0', payload: 'AAAA' }, streamSid: 'MZ1' }]],
    ['what is no JSON', 1007, () => ['nonsense']],
    ['an event that there is not', 1008, () => [{ event: 'dance' }]],
  ]) {
    test(`${what} closes the socket with ${code}`, async () => {
      const socket = await open(signature());
      const end = closed(socket);
      for (const m of messages(await call())) socket.send(typeof m === 'string' ? m : JSON.stringify(m));
      assert.equal((await end).code, code);
    });
  }

  test('a real client\'s pings and fragments are understood', async () => {
    const [callSid, value] = await call();
    const socket = await open(signature());
    const end = closed(socket);
    const pong = new Promise((done) => socket.once('pong', done));
    socket.ping('still there?');
    await pong;
    const begin = JSON.stringify(start(callSid, value));
    socket.send(begin.slice(0, 40), { fin: false });
    socket.send(begin.slice(40), { fin: true });
    socket.send(JSON.stringify({ event: 'stop', sequenceNumber: '2', stop: { accountSid: acme.sid, callSid }, streamSid: JSON.parse(begin).streamSid }));
    assert.equal((await end).code, 1000);
  });
});

// Twilio's helper library as the customer's side: the sandbox's carrier rings a server of ours, and the library judges every
// request by its signature; TwiML is the library's own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import twilio from 'twilio';
import { startCustomer, twiml } from '../lib/customer.js';
import { build, root } from '../lib/product.js';

const { VoiceResponse } = twilio.twiml;
const account = 'AC00000000000000000000000000000001';
const token = 'sandbox-only-auth-token-of-acme'; // samples/tenants/acme.yaml

/** Plays one sample call at a customer's server, and returns the carrier's report. */
function ring(customer, call, ...flags) {
  const args = ['replay', '--json', '--target', customer.http, '--register', '', '--calls', join(root, 'samples/calls', call),
    '--tenants', join(root, 'samples/tenants'), '--count', '1', '--speed', '50', '--doubled', '0', '--disorder', '0', ...flags];
  return new Promise((done, fail) => {
    const child = spawn(build('./cmd/frontdesk', 'frontdesk'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let log = '';
    child.stdout.on('data', (d) => { out += d; });
    child.stderr.on('data', (d) => { log += d; });
    child.on('error', fail).on('close', (code) => {
      try {
        done({ code, report: JSON.parse(out) });
      } catch (e) {
        fail(new Error(`replay ended with ${code} and no report: ${e.message}\n${log}`));
      }
    });
  });
}

/** What Twilio documents to send; beyond these, no name may come. */
const about = ['CallSid', 'AccountSid', 'From', 'To', 'CallStatus', 'ApiVersion', 'Direction', 'ForwardedFrom', 'CallerName', 'ParentCallSid',
  'CallToken', 'Caller', 'Called', 'StirVerstat', 'StirPassportToken',
  ...['From', 'To', 'Caller', 'Called'].flatMap((side) => ['City', 'State', 'Zip', 'Country'].map((part) => side + part))];
const recording = ['AccountSid', 'CallSid', 'RecordingSid', 'RecordingUrl', 'RecordingStatus', 'RecordingDuration', 'RecordingChannels', 'RecordingStartTime', 'RecordingSource', 'RecordingTrack', 'ErrorCode'];
const progress = [...about, 'CallDuration', 'Duration', 'SipResponseCode', 'Timestamp', 'CallbackSource', 'SequenceNumber', 'RecordingUrl', 'RecordingSid', 'RecordingDuration'];
const stream = ['AccountSid', 'CallSid', 'StreamSid', 'StreamName', 'StreamEvent', 'StreamError', 'Timestamp'];

function names(request, needed, allowed) {
  for (const name of needed) assert.ok(name in request.params, `${request.path} lacks ${name}`);
  for (const name of request.names) assert.ok(allowed.includes(name), `${request.path} has ${name}, which Twilio does not document`);
  assert.equal(new Set(request.names).size, request.names.length, `${request.path} has a name twice`);
}

/** The library's verdict on a request. */
const valid = (r, key = token) => twilio.validateRequest(key, r.headers['x-twilio-signature'], r.url, r.params);

describe('a call with a question, a dialled leg, a stream and a recording', () => {
  let customer, played, tries = 0;

  before(async () => {
    const onward = (r) => {
      const v = new VoiceResponse();
      const fork = v.start().stream({ name: 'judge', url: `${customer.ws}/media`, track: 'both_tracks', statusCallback: `${customer.http}/stream-status` });
      fork.parameter({ name: 'First Name', value: 'Jane & "Co"' });
      fork.parameter({ name: 'empty', value: '' });
      const dial = v.dial({ action: '/dialled', timeout: 20, record: 'record-from-answer-dual', recordingStatusCallback: '/recording', recordingStatusCallbackEvent: 'in-progress completed absent' });
      dial.sip({ statusCallback: '/leg', statusCallbackEvent: 'initiated ringing answered completed' }, 'sip:desk@acme.example');
      return twiml(v);
    };
    customer = await startCustomer((r) => {
      if (r.path.endsWith('/voice')) {
        if (++tries === 1) return { status: 503 };
        const v = new VoiceResponse();
        v.gather({ input: 'dtmf', numDigits: 1, action: '/asked?lang=en&x=a%20b', timeout: 5, actionOnEmptyResult: true }).say({ language: 'en-US' }, 'Press 1.');
        return twiml(v);
      }
      if (r.path === '/asked') return onward(r);
      if (r.path === '/dialled') {
        const v = new VoiceResponse();
        v.hangup();
        return twiml(v);
      }
      return undefined;
    });
    played = await ring(customer, 'books-a-demo');
  });
  after(() => customer?.close());

  test('is delivered whole', () => {
    assert.equal(played.code, 0, JSON.stringify(played.report));
    assert.equal(customer.streams.length, 1);
    for (const path of ['/voice', '/asked', '/dialled', '/recording', '/leg', '/stream-status', '/status']) assert.ok(customer.at(path).length > 0, `nothing came at ${path}`);
  });

  test('every request is signed; another token, URL or parameter does not fit', () => {
    for (const r of customer.requests) {
      assert.ok(valid(r), `${r.method} ${r.url} is not signed as Twilio signs`);
      assert.equal(valid(r, 'another token'), false);
      assert.equal(twilio.validateRequest(token, r.headers['x-twilio-signature'], r.url, { ...r.params, From: '+10000000000' }), false);
      assert.equal(twilio.validateRequest(token, r.headers['x-twilio-signature'], `${r.url}x`, r.params), false);
      assert.equal(r.headers['content-type'].toLowerCase(), 'application/x-www-form-urlencoded; charset=utf-8');
      assert.match(r.headers['user-agent'], /^TwilioProxy/);
      assert.match(r.headers['i-twilio-idempotency-token'], /^[0-9a-f-]{36}$/);
    }
  });

  test('webhook middleware of the library lets them through', async () => {
    for (const r of customer.requests) {
      const verdict = await new Promise((done) => {
        const req = { protocol: 'http', originalUrl: new URL(r.url).pathname + new URL(r.url).search, headers: r.headers, body: r.params, header: (n) => r.headers[n.toLowerCase()], get: (n) => r.headers[n.toLowerCase()] };
        const res = { type: () => res, status: (s) => { done(s); return res; }, send: () => res };
        twilio.webhook(token)(req, res, () => done('next'));
      });
      assert.equal(verdict, 'next', r.url);
    }
  });

  test('a 503 is tried again with the same token and parameters', () => {
    const [first, second, ...more] = customer.at('/voice');
    assert.equal(more.length, 0);
    assert.equal(first.headers['i-twilio-idempotency-token'], second.headers['i-twilio-idempotency-token']);
    assert.equal(first.body, second.body);
    assert.equal(first.headers['x-twilio-signature'], second.headers['x-twilio-signature']);
    assert.notEqual(second.headers['i-twilio-idempotency-token'], customer.at('/asked')[0].headers['i-twilio-idempotency-token']);
  });

  test('the names of the incoming call', () => {
    const r = customer.at('/voice')[1];
    names(r, ['CallSid', 'AccountSid', 'From', 'To', 'CallStatus', 'ApiVersion', 'Direction', 'FromCountry', 'ToCountry', 'Caller', 'Called'], about);
    assert.match(r.params.CallSid, /^CA[0-9a-f]{32}$/);
    assert.equal(r.params.AccountSid, account);
    assert.equal(r.params.CallStatus, 'ringing');
    assert.equal(r.params.Direction, 'inbound');
    assert.equal(r.params.ApiVersion, '2010-04-01');
    assert.match(r.params.From, /^\+1\d{10}$/);
    assert.equal(r.params.To, '+14155550100');
  });

  test("the answer's", () => {
    const [r] = customer.at('/asked');
    names(r, ['CallSid', 'Digits', 'CallStatus'], [...about, 'Digits', 'FinishedOnKey', 'SpeechResult', 'Confidence', 'msg']);
    assert.equal(r.params.Digits, '1');
    assert.equal(r.params.CallStatus, 'in-progress');
    assert.equal(new URL(r.url).search, '?lang=en&x=a%20b');
  });

  test("the leg's, in order", () => {
    const legs = customer.at('/leg');
    for (const r of legs) {
      names(r, ['CallSid', 'ParentCallSid', 'CallStatus', 'Timestamp', 'CallbackSource', 'SequenceNumber', 'Direction'], progress);
      assert.equal(r.params.ParentCallSid, customer.at('/voice')[0].params.CallSid);
      assert.notEqual(r.params.CallSid, r.params.ParentCallSid);
      assert.equal(r.params.Direction, 'outbound-dial');
      assert.equal(r.params.CallbackSource, 'call-progress-events');
      assert.match(r.params.Timestamp, /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \+0000$/);
    }
    assert.deepEqual(legs.map((r) => r.params.CallStatus), ['initiated', 'ringing', 'in-progress', 'completed']);
    assert.deepEqual(legs.map((r) => r.params.SequenceNumber), ['0', '1', '2', '3']);
    assert.match(legs[3].params.CallDuration, /^\d+$/);
    const [r] = customer.at('/dialled');
    names(r, ['DialCallStatus', 'DialCallSid', 'DialCallDuration'], [...about, 'DialCallStatus', 'DialCallSid', 'DialCallDuration', 'DialBridged', 'RecordingUrl', 'RecordingSid', 'RecordingDuration', 'DialSipCallId', 'DialSipResponseCode', 'DialSipHeader_']);
    assert.equal(r.params.DialCallSid, legs[0].params.CallSid);
    assert.equal(r.params.DialCallStatus, 'completed');
  });

  test("the recording's", () => {
    const all = customer.at('/recording');
    assert.deepEqual(all.map((r) => r.params.RecordingStatus), ['in-progress', 'completed']);
    for (const r of all) {
      names(r, ['AccountSid', 'CallSid', 'RecordingSid', 'RecordingUrl', 'RecordingStatus', 'RecordingChannels', 'RecordingSource', 'RecordingStartTime', 'RecordingTrack'], recording);
      assert.match(r.params.RecordingSid, /^RE[0-9a-f]{32}$/);
      assert.match(r.params.RecordingUrl, new RegExp(`/2010-04-01/Accounts/${account}/Recordings/${r.params.RecordingSid}$`));
      assert.equal(r.params.RecordingChannels, '2');
      assert.equal(r.params.RecordingSource, 'DialVerb');
    }
    assert.match(all[1].params.RecordingDuration, /^\d+$/);
  });

  test("the stream's", () => {
    const all = customer.at('/stream-status');
    assert.deepEqual(all.map((r) => r.params.StreamEvent), ['stream-started', 'stream-stopped']);
    for (const r of all) {
      names(r, stream.filter((n) => n !== 'StreamError'), stream);
      assert.equal(r.params.StreamName, 'judge');
      assert.match(r.params.StreamSid, /^MZ[0-9a-f]{32}$/);
      assert.match(r.params.Timestamp, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
    }
  });

  test("and the number's own, at the end", () => {
    const all = customer.at('/status');
    assert.equal(all.length, 1);
    names(all[0], ['CallSid', 'CallStatus', 'CallDuration', 'Duration', 'Timestamp', 'CallbackSource', 'SequenceNumber'], progress);
    assert.equal(all[0].params.CallStatus, 'completed');
    assert.equal(all[0].params.CallSid, customer.at('/voice')[0].params.CallSid);
  });

  describe('its media stream', () => {
    let s;
    before(() => { [s] = customer.streams; });

    test('is signed at the upgrade, for its URL alone', () => {
      assert.ok(twilio.validateRequest(token, s.headers['x-twilio-signature'], s.url, {}));
      assert.equal(twilio.validateRequest('another token', s.headers['x-twilio-signature'], s.url, {}), false);
      assert.match(s.headers['user-agent'], /^Twilio\.TmeWs/);
      assert.equal(s.headers['sec-websocket-protocol'], undefined);
    });

    test('begins with connected and start, ends with stop, and is text', () => {
      assert.ok(s.texts.every(([, binary]) => !binary));
      const kinds = s.messages.map((m) => m.event);
      assert.deepEqual(kinds.slice(0, 2), ['connected', 'start']);
      assert.equal(kinds.at(-1), 'stop');
      assert.ok(kinds.slice(2, -1).every((k) => k === 'media'));
      assert.ok(kinds.length > 100);
      assert.equal(s.closed, 1000);
    });

    test('connected', () => assert.deepEqual(s.messages[0], { event: 'connected', protocol: 'Call', version: '1.0.0' }));

    test('start', () => {
      const { callSid, streamSid } = s.messages[1].start;
      assert.equal(callSid, customer.at('/voice')[0].params.CallSid);
      assert.equal(streamSid, customer.at('/stream-status')[0].params.StreamSid);
      assert.deepEqual(s.messages[1], {
        event: 'start', sequenceNumber: '1',
        start: {
          accountSid: account, streamSid, callSid, tracks: ['inbound', 'outbound'],
          mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
          customParameters: { 'First Name': 'Jane & "Co"', empty: '' },
        },
        streamSid,
      });
    });

    test('media: names, types, numbers in order', () => {
      const next = { inbound: 1, outbound: 1 };
      const at = { inbound: -1, outbound: -1 };
      const { streamSid } = s.messages[1];
      for (const [i, m] of s.messages.entries()) {
        if (i > 0) assert.equal(m.sequenceNumber, `${i}`);
        if (m.event !== 'media') continue;
        assert.deepEqual(Object.keys(m).sort(), ['event', 'media', 'sequenceNumber', 'streamSid']);
        assert.deepEqual(Object.keys(m.media).sort(), ['chunk', 'payload', 'timestamp', 'track']);
        assert.equal(m.streamSid, streamSid);
        const { track, chunk, timestamp, payload } = m.media;
        assert.deepEqual([typeof chunk, typeof timestamp, typeof payload], ['string', 'string', 'string']);
        assert.equal(chunk, `${next[track]++}`);
        assert.ok(Number(timestamp) > at[track]);
        at[track] = Number(timestamp);
        assert.equal(Buffer.from(payload, 'base64').length, 160);
        assert.equal(Buffer.from(payload, 'base64').toString('base64'), payload);
      }
      assert.ok(next.inbound > 100 && next.outbound > 100);
    });

    test('stop', () => {
      const { callSid, streamSid } = s.messages[1].start;
      assert.deepEqual(s.messages.at(-1), {
        event: 'stop', sequenceNumber: `${s.messages.length - 1}`, stop: { accountSid: account, callSid }, streamSid,
      });
    });
  });
});

describe('when the customer fails', () => {
  test('the fallback is asked, with why', async () => {
    const customer = await startCustomer((r) => {
      if (r.path.endsWith('/voice')) return { status: 404 };
      if (!r.path.endsWith('/fallback.xml')) return undefined;
      const v = new VoiceResponse();
      v.say('We will call you back.');
      return twiml(v);
    });
    try {
      await ring(customer, 'books-a-demo');
      assert.equal(customer.at('/voice').length, 1); // a 4xx is not tried again
      const [r] = customer.at('/fallback.xml');
      names(r, ['ErrorCode', 'ErrorUrl', 'CallSid'], [...about, 'ErrorCode', 'ErrorUrl']);
      assert.equal(r.params.ErrorCode, '11200');
      assert.match(r.params.ErrorUrl, /\/voice/);
      assert.ok(valid(r));
    } finally {
      await customer.close();
    }
  });

  test('TwiML of a wrong type or with unknown verbs is refused', async () => {
    for (const [answer, code] of [
      [{ status: 200, type: 'application/json', body: '{}' }, '12300'],
      [{ status: 200, type: 'text/xml', body: '<Response><Shout>Hey</Shout></Response>' }, '12200'],
      [{ status: 200, type: 'text/xml', body: '<Response><Say>Hey' }, '12100'],
    ]) {
      const customer = await startCustomer((r) => (r.path.endsWith('/voice') ? answer : undefined));
      try {
        await ring(customer, 'books-a-demo');
        assert.equal(customer.at('/fallback.xml')[0]?.params.ErrorCode, code);
      } finally {
        await customer.close();
      }
    }
  });

  test('a server that speaks on a unidirectional stream ends it with 31924', async () => {
    const answer = (r) => {
      if (!r.path.endsWith('/voice')) return undefined;
      const v = new VoiceResponse();
      v.start().stream({ url: `${customer.ws}/media`, statusCallback: '/stream-status' });
      v.pause({ length: 20 });
      return twiml(v);
    };
    answer.stream = (s) => s.socket.send(JSON.stringify({ event: 'clear', streamSid: 'MZ' }));
    const customer = await startCustomer(answer);
    try {
      await ring(customer, 'books-a-demo');
      const all = customer.at('/stream-status');
      assert.deepEqual(all.map((r) => r.params.StreamEvent), ['stream-started', 'stream-error']);
      assert.match(all[1].params.StreamError, /31924/);
      assert.deepEqual(customer.streams[0].messages[1].start.tracks, ['inbound']);
      assert.deepEqual(customer.streams[0].messages[1].start.customParameters, {});
    } finally {
      await customer.close();
    }
  });
});

describe('a voicemail', () => {
  test('Record asks its action and tells of the recording', async () => {
    const customer = await startCustomer((r) => {
      if (r.path.endsWith('/voice')) {
        const v = new VoiceResponse();
        v.say('After the tone.');
        v.record({ action: '/recorded', maxLength: 60, timeout: 10, playBeep: true, recordingStatusCallback: '/recording' });
        return twiml(v);
      }
      return r.path === '/recorded' ? twiml(new VoiceResponse()) : undefined;
    });
    try {
      const { code } = await ring(customer, 'leaves-a-voicemail');
      assert.equal(code, 0);
      for (const r of customer.requests) assert.ok(valid(r), r.url);
      const [r] = customer.at('/recorded');
      names(r, ['RecordingUrl', 'RecordingDuration', 'RecordingSid'], [...about, 'RecordingUrl', 'RecordingDuration', 'RecordingSid', 'Digits']);
      const [done] = customer.at('/recording');
      names(done, ['RecordingStatus', 'RecordingSid', 'RecordingUrl'], recording);
      assert.equal(done.params.RecordingSource, 'RecordVerb');
      assert.equal(done.params.RecordingChannels, '1');
    } finally {
      await customer.close();
    }
  });
});

// Twilio's helper library against the sandbox's REST API, with calls under way that another process plays.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import twilio from 'twilio';
import { startCustomer, twiml } from '../lib/customer.js';
import { build, root, startProduct } from '../lib/product.js';
import { account, client, newSid } from '../lib/twilio.js';
import { eventually } from '../lib/wait.js';

const { VoiceResponse } = twilio.twiml;
const calls = 5;
let product, acme, api, customer, replay, ended;

before(async () => {
  product = await startProduct('twilio-rest');
  acme = account(product, 'acme');
  api = client(acme);
  customer = await startCustomer((r) => {
    if (!r.path.endsWith('/voice') && r.path !== '/next') return undefined;
    const v = new VoiceResponse();
    v.pause({ length: 120 }); // until REST does something
    return twiml(v);
  });
  const args = ['replay', '--json', '--target', customer.http, '--register', acme.api, '--calls', join(root, 'samples/calls/waits-for-minutes'),
    '--tenants', join(root, 'samples/tenants'), '--count', `${calls}`, '--peak-calls-per-day', '5000000', '--doubled', '0', '--disorder', '0'];
  replay = spawn(build('./cmd/frontdesk', 'frontdesk'), args, { stdio: ['ignore', 'ignore', 'inherit'] });
  ended = new Promise((done) => replay.once('exit', done));
  process.once('exit', () => replay.kill('SIGKILL'));
  await eventually('all calls are under way', async () => (await api.calls.list({ status: 'in-progress' })).length === calls, 60_000);
});
after(async () => {
  replay?.kill('SIGINT');
  await ended;
  await customer?.close();
  await product?.stop();
});

/** A refusal as the library tells it. */
async function refused(promise, status, code, message) {
  await assert.rejects(promise, (e) => {
    assert.equal(e.status, status, e.message);
    assert.equal(e.code, code, e.message);
    assert.equal(e.moreInfo, `https://www.twilio.com/docs/errors/${code}`);
    if (message) assert.match(e.message, message);
    return true;
  });
}

describe('calls', () => {
  test('listed, fetched, and alike', async () => {
    const [first] = await api.calls.list({ limit: 1 });
    const one = await api.calls(first.sid).fetch();
    assert.deepEqual(one.toJSON(), first.toJSON());
    assert.match(one.sid, /^CA[0-9a-f]{32}$/);
    assert.equal(one.accountSid, acme.sid);
    assert.equal(one.status, 'in-progress');
    assert.equal(one.direction, 'inbound');
    assert.ok(acme.numbers.includes(one.to));
    assert.match(one.from, /^\+1\d{10}$/);
    assert.match(one.phoneNumberSid, /^PN[0-9a-f]{32}$/);
    assert.ok(one.startTime instanceof Date && !Number.isNaN(one.startTime.valueOf()));
    assert.equal(one.endTime, null);
    assert.equal(one.duration, null);
    assert.equal(one.apiVersion, '2010-04-01');
    assert.equal(one.priceUnit, 'USD');
    assert.ok(one.subresourceUris.recordings && one.subresourceUris.streams);
  });

  test('page by page: every call once, newest first', async () => {
    const pages = [];
    for (let page = await api.calls.page({ pageSize: 2 }); page; page = await page.nextPage()) pages.push(page.instances);
    assert.deepEqual(pages.map((p) => p.length), [2, 2, 1]);
    const sids = pages.flat().map((c) => c.sid);
    assert.equal(new Set(sids).size, calls);
    assert.deepEqual(sids, (await api.calls.list({ pageSize: 3 })).map((c) => c.sid));
    const starts = pages.flat().map((c) => c.startTime.valueOf());
    assert.deepEqual(starts, [...starts].sort((a, b) => b - a));
    const each = [];
    await new Promise((done, fail) => api.calls.each({ pageSize: 2, limit: 3, callback: (c) => each.push(c.sid), done: (e) => (e ? fail(e) : done()) }));
    assert.deepEqual(each, sids.slice(0, 3));
    const page = await api.calls.page({ pageSize: 2 });
    assert.deepEqual((await api.calls.getPage(page.nextPageUrl.replace('https://api.twilio.com', acme.api))).instances.map((c) => c.sid), sids.slice(2, 4));
  });

  test('filtered', async () => {
    const [one] = await api.calls.list({ limit: 1 });
    assert.deepEqual((await api.calls.list({ from: one.from, to: one.to })).map((c) => c.sid), [one.sid]);
    assert.equal((await api.calls.list({ to: '+19999999999' })).length, 0);
    assert.equal((await api.calls.list({ status: 'completed' })).length, 0);
    assert.equal((await api.calls.list({ startTimeAfter: new Date(Date.now() - 3600_000) })).length, calls);
    assert.equal((await api.calls.list({ startTimeBefore: new Date(Date.now() - 3600_000) })).length, 0);
  });

  test('of others are not to be seen', async () => {
    const globex = client(account(product, 'globex'));
    assert.equal((await globex.calls.list()).length, 0);
    const [one] = await api.calls.list({ limit: 1 });
    await refused(globex.calls(one.sid).fetch(), 404, 20404);
  });
});

describe('errors', () => {
  test('20404', async () => {
    const sid = newSid('CA');
    await refused(api.calls(sid).fetch(), 404, 20404, new RegExp(`The requested resource /2010-04-01/Accounts/${acme.sid}/Calls/${sid}\\.json was not found`));
    await refused(api.calls(sid).update({ status: 'completed' }), 404, 20404);
    await refused(api.calls(sid).streams.create({ url: 'wss://example.com' }), 404, 20404);
    await refused(api.recordings(newSid('RE')).fetch(), 404, 20404);
    await refused(api.incomingPhoneNumbers(newSid('PN')).fetch(), 404, 20404);
  });
  test('20003', async () => {
    await refused(client(acme, { token: 'wrong' }).calls.list(), 401, 20003, /Authenticate/);
    await refused(client(acme, { sid: 'AC99999999999999999999999999999999' }).calls.list(), 401, 20003);
    await refused(api.api.v2010.accounts('AC00000000000000000000000000000002').calls.list(), 401, 20003); // another's account
  });
  test('20001: what can not be', async () => {
    const [one] = await api.calls.list({ limit: 1 });
    await refused(api.calls(one.sid).update({ status: 'ringing' }), 400, 20001);
    await refused(api.calls(one.sid).update({ twiml: '<Response/>', url: 'https://example.com' }), 400, 20001);
    await refused(api.calls(one.sid).update({ twiml: '<Response><Shout/></Response>' }), 400, 20001);
    await refused(api.calls(one.sid).streams.create({ url: 'https://example.com' }), 400, 20001);
    await refused(api.calls(one.sid).streams.create({ url: 'wss://example.com/?x=1' }), 400, 20001);
    await refused(api.calls(one.sid).streams.create({ url: 'wss://example.com/', track: 'every_track' }), 400, 20001);
    await refused(api.calls(one.sid).recordings.create({ recordingChannels: 'quadro' }), 400, 20001);
    await refused(api.calls.page({ pageSize: 5000 }), 400, 20001);
  });
  test('21205: no URL', async () => {
    const [one] = await api.calls.list({ limit: 1 });
    await refused(api.calls(one.sid).update({ url: 'not a URL' }), 400, 21205);
  });
  test('faults of the API itself come as Twilio tells them', async () => {
    const faults = (body) => fetch(`${acme.api}/sandbox/faults`, { method: 'PUT', body: JSON.stringify(body) });
    for (const [code, status] of [['20429', 429], ['20500', 500], ['20503', 503]]) {
      const set = await faults({ errors: [{ operation: 'calls.list', code, share: 1 }] });
      assert.equal(set.status, 204, await set.text());
      await refused(api.calls.list(), status, Number(code));
    }
    assert.equal((await faults({})).status, 204);
    await api.calls.list();
  });
});

describe('streams', () => {
  test('started, heard and stopped', async () => {
    const [one] = await api.calls.list({ limit: 1 });
    const made = await api.calls(one.sid).streams.create({ url: `${customer.ws}/by-rest`, name: 'by rest', track: 'both_tracks', statusCallback: `${customer.http}/stream-status`, 'parameter1.name': 'who', 'parameter1.value': 'judge' });
    assert.match(made.sid, /^MZ[0-9a-f]{32}$/);
    assert.deepEqual([made.status, made.name, made.callSid, made.accountSid], ['in-progress', 'by rest', one.sid, acme.sid]);
    const stream = await eventually('the stream is heard', () => customer.streams.find((s) => s.path === '/by-rest' && s.messages.some((m) => m.event === 'media')));
    assert.equal(stream.messages[1].start.streamSid, made.sid);
    assert.deepEqual(stream.messages[1].start.customParameters, { who: 'judge' });
    assert.ok(twilio.validateRequest(acme.token, stream.headers['x-twilio-signature'], stream.url, {}));
    await refused(api.calls(one.sid).streams.create({ url: `${customer.ws}/again`, name: 'by rest' }), 400, 20001);
    const stopped = await api.calls(one.sid).streams(made.sid).update({ status: 'stopped' });
    assert.equal(stopped.status, 'stopped');
    await eventually('stop has come', () => stream.messages.at(-1).event === 'stop');
    await eventually('stream-stopped has come', () => customer.at('/stream-status').some((r) => r.params.StreamEvent === 'stream-stopped'));
  });

  test('stopped by name', async () => {
    const [one] = await api.calls.list({ limit: 1 });
    await api.calls(one.sid).streams.create({ url: `${customer.ws}/by-name`, name: 'named' });
    assert.equal((await api.calls(one.sid).streams('named').update({ status: 'stopped' })).status, 'stopped');
    await refused(api.calls(one.sid).streams('nobody').update({ status: 'stopped' }), 404, 20404);
  });

  test('more than four tracks are refused', async () => {
    const [, two] = await api.calls.list({ limit: 2 });
    const more = () => api.calls(two.sid).streams.create({ url: `${customer.ws}/tracks`, track: 'both_tracks' });
    await more();
    await more();
    await refused(more(), 400, 31941);
  });
});

describe('recordings', () => {
  test('begun, paused, resumed, stopped, listed, fetched, deleted', async () => {
    const [, , one] = await api.calls.list({ limit: 3 });
    const made = await api.calls(one.sid).recordings.create({ recordingChannels: 'dual', recordingStatusCallback: `${customer.http}/recorded`, recordingStatusCallbackEvent: ['in-progress', 'completed'] });
    assert.match(made.sid, /^RE[0-9a-f]{32}$/);
    assert.deepEqual([made.status, made.source, made.channels, made.callSid], ['in-progress', 'StartCallRecordingAPI', 2, one.sid]);
    const update = (status) => api.calls(one.sid).recordings('Twilio.CURRENT').update({ status });
    assert.equal((await update('paused')).status, 'paused');
    assert.equal((await update('in-progress')).status, 'in-progress');
    // A recording of less than a second is absent: a stream tells how long it has been.
    await api.calls(one.sid).streams.create({ url: `${customer.ws}/clock`, name: 'clock' });
    await eventually('1.2 s of the call are heard', () => customer.streams.find((s) => s.path === '/clock')?.messages.length > 62);
    assert.equal((await update('stopped')).status, 'stopped');
    await eventually('the recording is told', () => customer.at('/recorded').some((r) => r.params.RecordingStatus === 'completed'));
    const [listed] = await api.recordings.list({ callSid: one.sid });
    assert.equal(listed.sid, made.sid);
    const fetched = await api.recordings(made.sid).fetch();
    assert.equal(fetched.status, 'completed');
    assert.ok(Number(fetched.duration) >= 1);
    assert.deepEqual((await api.calls(one.sid).recordings.list()).map((r) => r.sid), [made.sid]);
    const sound = await fetch(`${fetched.mediaUrl}.wav?RequestedChannels=2`, { headers: { authorization: `Basic ${Buffer.from(`${acme.sid}:${acme.token}`).toString('base64')}` } });
    assert.equal(sound.status, 200);
    const wav = Buffer.from(await sound.arrayBuffer());
    assert.deepEqual([wav.toString('latin1', 0, 4), wav.readUInt16LE(22)], ['RIFF', 2]);
    assert.equal((await fetch(`${fetched.mediaUrl}.wav`)).status, 401);
    assert.equal(await api.recordings(made.sid).remove(), true);
    await refused(api.recordings(made.sid).fetch(), 404, 20404);
  });
});

describe('the account', () => {
  test('is fetched, and is nobody else\'s', async () => {
    const one = await api.api.v2010.accounts(acme.sid).fetch();
    assert.deepEqual([one.sid, one.ownerAccountSid, one.status, one.type], [acme.sid, acme.sid, 'active', 'Full']);
    await refused(api.api.v2010.accounts('AC00000000000000000000000000000002').fetch(), 401, 20003);
  });
});

describe('phone numbers', () => {
  test('listed, found, fetched', async () => {
    const all = await api.incomingPhoneNumbers.list();
    assert.deepEqual(all.map((n) => n.phoneNumber).sort(), [...acme.numbers].sort());
    const [one] = await api.incomingPhoneNumbers.list({ phoneNumber: acme.numbers[0] });
    assert.equal(one.voiceUrl.split('#')[0], acme.voice);
    assert.equal(one.voiceMethod, 'POST');
    assert.match(one.statusCallback, /\/status#/);
    assert.equal(one.capabilities.voice, true);
    assert.ok(one.dateCreated instanceof Date && !Number.isNaN(one.dateCreated.valueOf()));
    assert.deepEqual((await api.incomingPhoneNumbers(one.sid).fetch()).toJSON(), one.toJSON());
    const pages = [];
    for (let page = await api.incomingPhoneNumbers.page({ pageSize: 3 }); page; page = await page.nextPage()) pages.push(page.instances.length);
    assert.deepEqual(pages, [3, 1]);
  });

  test('updated', async () => {
    const [, one] = await api.incomingPhoneNumbers.list();
    const changed = await api.incomingPhoneNumbers(one.sid).update({ voiceUrl: 'https://calls.example.com/voice', voiceMethod: 'POST', statusCallback: '', friendlyName: 'Judged' });
    assert.deepEqual([changed.voiceUrl, changed.statusCallback, changed.friendlyName], ['https://calls.example.com/voice', '', 'Judged']);
    assert.equal((await api.incomingPhoneNumbers(one.sid).fetch()).friendlyName, 'Judged');
    assert.equal((await api.incomingPhoneNumbers.list({ friendlyName: 'Judged' })).length, 1);
    await refused(api.incomingPhoneNumbers(one.sid).update({ voiceUrl: 'calls.example.com' }), 400, 21402);
    await refused(api.incomingPhoneNumbers(one.sid).update({ voiceMethod: 'SHOUT' }), 400, 21403);
  });
});

describe('calls under way', () => {
  test('turned to other TwiML, to a URL, and ended', async () => {
    const [, , , one] = await api.calls.list({ limit: 4 });
    const v = new VoiceResponse();
    v.redirect(`${customer.http}/next?by=twiml`);
    assert.equal((await api.calls(one.sid).update({ twiml: v.toString() })).sid, one.sid);
    const asked = await eventually('the TwiML is played', () => customer.at('/next').find((r) => r.url.endsWith('?by=twiml')));
    assert.equal(asked.params.CallSid, one.sid);
    assert.ok(twilio.validateRequest(acme.token, asked.headers['x-twilio-signature'], asked.url, asked.params));
    await api.calls(one.sid).update({ url: `${customer.http}/next?by=url`, method: 'POST' });
    await eventually('the URL is asked', () => customer.requests.find((r) => r.url.endsWith('/next?by=url')));
    assert.equal((await api.calls(one.sid).update({ status: 'canceled' })).status, 'in-progress'); // does nothing to a call that is answered
    assert.equal((await api.calls(one.sid).update({ status: 'completed' })).status, 'completed');
    const over = await api.calls(one.sid).fetch();
    assert.match(over.duration, /^\d+$/);
    assert.ok(over.endTime instanceof Date);
    const told = await eventually('the status callback has come', () => customer.at('/status').find((r) => r.params.CallSid === one.sid));
    assert.equal(told.params.CallStatus, 'completed');
    await refused(api.calls(one.sid).update({ twiml: '<Response/>' }), 400, 21220, /^Call is not in-progress\. Cannot redirect\.$/);
    await refused(api.calls(one.sid).update({ status: 'completed' }), 400, 21220);
    await refused(api.calls(one.sid).streams.create({ url: `${customer.ws}/late` }), 400, 21220);
    await refused(api.calls(one.sid).recordings.create(), 400, 21220, /^Requested resource is not eligible for recording$/);
    assert.ok((await api.calls.list({ status: 'completed' })).some((c) => c.sid === one.sid));
  });
});

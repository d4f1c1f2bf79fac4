// The Pub/Sub API as its Node client uses it (through TLS, the only way it knows), and as a bare gRPC client with Salesforce's own
// .proto does, where the client hides what it gets.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import avro from 'avsc';
import PubSubApiClient from 'salesforce-pubsub-api-client';
import { startNarrow, startProduct } from '../lib/product.js';
import { adminOf, org } from '../lib/salesforce.js';
import { gateway } from '../lib/tls.js';
import { eventually } from '../lib/wait.js';

const topic = '/event/Call_Completed__e';
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

let product, acme, conn, tls, raw, narrow, limited, narrowTLS;
const clients = [];
const streams = [];

before(async () => {
  product = await startProduct('pubsub');
  narrow = await startNarrow('pubsub');
  acme = org(product, 'acme');
  conn = await adminOf(acme);
  const address = product.endpoints.address('Salesforce Pub/Sub API (gRPC)');
  tls = await gateway(address);
  narrowTLS = await gateway(narrow.ready.pubsub);
  const client = dirname(createRequire(import.meta.url).resolve('salesforce-pubsub-api-client'));
  const proto = protoLoader.loadSync(join(client, '..', 'pubsub_api.proto'), { longs: Number, enums: String, defaults: true, oneofs: true });
  const { PubSub } = grpc.loadPackageDefinition(proto).eventbus.v1;
  raw = new PubSub(address, grpc.credentials.createInsecure());
  limited = new PubSub(narrow.ready.pubsub, grpc.credentials.createInsecure());
});
after(async () => {
  raw?.close();
  limited?.close();
  await tls?.close();
  await narrowTLS?.close();
  await Promise.all(streams); // a client that is closed before its streams have ended leaves their errors to nobody
  for (const c of clients) c.close();
  await narrow?.stop();
  await product?.stop();
});

const event = (call, more = {}) => ({
  CreatedDate: Date.now(), CreatedById: conn.userInfo.id, Call_Id__c: { string: call }, ...more,
});
/** An event as avsc writes it: every field of the schema, null where not given. */
const whole = (schema, fields) => ({ ...Object.fromEntries(schema.fields.map((f) => [f.name, null])), ...fields });

/** A callback of the Node client that is called with what comes, until the stream's status. */
function heard(what) {
  let over;
  streams.push(new Promise((done) => { over = done; }));
  return (info, kind, data) => (kind === 'grpcStatus' ? over() : what(kind, data));
}

describe('the Node client', () => {
  const options = () => ({ loginUrl: acme.loginUrl, pubSubEndpoint: tls.address, rejectUnauthorizedSsl: false });
  const logins = {
    'user name and password': () => ({ authType: 'username-password', username: acme.admin, password: acme.password }),
    'JWT bearer': () => ({ authType: 'oauth-jwt-bearer', clientId: acme.clientId, username: acme.integration, privateKey: acme.key }),
  };

  test('by client credentials', async () => {
    const client = await connected({ authType: 'oauth-client-credentials', loginUrl: narrow.ready.salesforce, pubSubEndpoint: narrowTLS.address, clientId: 'client', clientSecret: 'secret' });
    assert.ok((await client.publish(topic, event('CA-secret'))).replayId > 0);
  });

  const connected = async (login) => {
    const client = new PubSubApiClient({ ...options(), ...login }, quiet);
    clients.push(client);
    await client.connect();
    return client;
  };

  for (const [how, login] of Object.entries(logins)) {
    test(`by ${how}: publishes and receives`, async () => {
      const client = await connected(login());
      const seen = [];
      const failures = [];
      let ended = false;
      client.subscribeFromEarliestEvent(topic, heard((kind, data) => {
        if (kind === 'event') seen.push(data);
        if (kind === 'lastEvent') ended = true;
        if (kind === 'error') failures.push(data);
      }), 2);
      const one = await client.publish(topic, event(`CA-${how}-1`), 'my key');
      assert.equal(one.correlationKey, 'my key');
      assert.ok(one.replayId > 0);
      await client.publish(topic, event(`CA-${how}-2`, { Intent_Confidence__c: { double: 0.75 }, Consent_Record__c: { boolean: true }, StartTime__c: { long: 1762106400000 } }));
      await eventually('two events have come', () => failures.length > 0 || ended);
      assert.deepEqual(failures, []);
      assert.equal(seen.length, 2);
      assert.equal(seen[0].payload.CreatedById.slice(0, 3), '005');
      assert.ok(seen[1].replayId > seen[0].replayId);
    });
  }

  test('publishes batches on a stream', async () => {
    const client = await connected(logins['JWT bearer']());
    const answers = [];
    const answered = heard((kind, data) => answers.push([kind, data]));
    const batch = (n) => Array.from({ length: 3 }, (_, i) => ({ id: `batch${n}-${i}`, payload: event(`CA-batch-${n}-${i}`) }));
    await client.publishBatch(topic, batch(1), answered);
    await eventually('the first batch is answered', () => answers.length === 1);
    await client.publishBatch(topic, batch(2), answered);
    await eventually('the second batch is answered', () => answers.length === 2);
    for (const [n, [kind, data]] of answers.entries()) {
      assert.equal(kind, 'publishResponse');
      assert.deepEqual(data.results.map((r) => r.correlationKey), [0, 1, 2].map((i) => `batch${n + 1}-${i}`));
      assert.ok(data.results.every((r) => r.replayId > 0));
    }
  });

  test('resumes from a replay id, and asks for more', async () => {
    const client = await connected(logins['JWT bearer']());
    const replay = [];
    for (const n of [1, 2, 3]) replay.push((await client.publish(topic, event(`CA-resume-${n}`))).replayId);
    const seen = [];
    client.subscribeFromReplayId(topic, heard((kind, data) => kind === 'event' && seen.push(data)), 1, replay[0]);
    await eventually('the event behind the replay id has come', () => seen.length === 1);
    assert.equal(seen[0].payload.Call_Id__c, 'CA-resume-2');
    assert.equal(seen[0].replayId, replay[1]);
    client.requestAdditionalEvents(topic, 1);
    await eventually('one more has come', () => seen.length === 2);
    assert.equal(seen[1].payload.Call_Id__c, 'CA-resume-3');
  });

  test('hears an event that was published by REST', async () => {
    const client = await connected(logins['user name and password']());
    const seen = [];
    client.subscribe(topic, heard((kind, data) => kind === 'event' && seen.push(data)));
    await eventually('the event has come', async () => {
      // LATEST begins when the server has the request, which the client does not tell: so it is told again until it is heard.
      if (seen.length === 0) await conn.sobject('Call_Completed__e').create({ Call_Id__c: 'CA-rest', Duration__c: 61.5, StartTime__c: '2026-11-02T18:00:00Z', Consent_Record__c: true });
      return seen.length > 0;
    });
    assert.equal(seen[0].payload.Call_Id__c, 'CA-rest');
    assert.equal(seen[0].payload.Duration__c, 61.5);
    assert.equal(Number(seen[0].payload.StartTime__c), Date.parse('2026-11-02T18:00:00Z'));
    assert.equal(seen[0].payload.Consent_Record__c, true);
    assert.equal(seen[0].payload.Summary__c, null);
  });

  test('is told of a token that is none', async () => {
    const client = await connected({ authType: 'user-supplied', accessToken: 'gone', instanceUrl: 'https://acme.example', organizationId: conn.userInfo.organizationId });
    await assert.rejects(client.publish(topic, event('CA-x')), (e) => {
      const cause = e.cause?.cause ?? e.cause;
      return /UNAUTHENTICATED/.test(`${cause?.message} ${cause?.cause?.message}`);
    });
  });
});

describe("Salesforce's own .proto", () => {
  const meta = (over = {}) => {
    const m = new grpc.Metadata();
    for (const [k, v] of Object.entries({ accesstoken: conn.accessToken, instanceurl: conn.instanceUrl, tenantid: conn.userInfo.organizationId, ...over })) m.set(k, v);
    return m;
  };
  const unary = (method, request, m = meta()) => new Promise((done, fail) => raw[method](request, m, (e, answer) => (e ? fail(e) : done(answer))));
  const code = (e) => e.metadata.get('error-code')[0];
  let schema, type, schemaId;

  /** A stream's first answer, or its error. */
  const first = (method, request, m = meta()) => new Promise((done, fail) => {
    const stream = raw[method](m);
    stream.on('data', (answer) => { stream.cancel(); done(answer); }).on('error', fail).on('end', () => fail(new Error('ended')));
    stream.write(request);
  });

  before(async () => {
    const info = await unary('GetTopic', { topicName: topic });
    const got = await unary('GetSchema', { schemaId: info.schemaId });
    schema = JSON.parse(got.schemaJson);
    schemaId = info.schemaId;
    type = avro.Type.forSchema(schema);
  });

  test('a topic', async () => {
    const info = await unary('GetTopic', { topicName: topic });
    assert.equal(info.topicName, topic);
    assert.equal(info.canPublish && info.canSubscribe, true);
    assert.match(info.schemaId, /^[A-Za-z0-9_-]{22}$/);
    assert.ok(info.rpcId && info.tenantGuid);
  });

  test('a schema that an Avro library of the others reads', () => {
    assert.equal(schema.type, 'record');
    assert.equal(schema.name, 'Call_Completed__e');
    assert.equal(schema.namespace, 'com.sforce.eventbus');
    assert.deepEqual(schema.fields.slice(0, 2).map((f) => [f.name, f.type]), [['CreatedDate', 'long'], ['CreatedById', 'string']]);
    for (const f of schema.fields.slice(2)) {
      assert.equal(f.type[0], 'null', f.name);
      assert.equal(f.default, null, f.name);
    }
  });

  test('publishing: each event its own result, in order', async () => {
    const payload = (call) => type.toBuffer(whole(schema, { CreatedDate: Date.now(), CreatedById: conn.userInfo.id, Call_Id__c: call }));
    const out = await unary('Publish', { topicName: topic, events: [
      { id: 'a', schemaId, payload: payload('CA-raw-a') },
      { id: 'b', schemaId, payload: Buffer.from('not avro at all') },
      { id: 'c', schemaId: 'AAAAAAAAAAAAAAAAAAAAAA', payload: payload('CA-raw-c') },
      { id: 'd', schemaId, payload: payload('CA-raw-d') },
    ] });
    assert.deepEqual(out.results.map((r) => r.correlationKey), ['a', 'b', 'c', 'd']);
    assert.deepEqual(out.results.map((r) => r.error?.code), [undefined, 'PUBLISH', 'PUBLISH', undefined]);
    assert.equal(out.schemaId, schemaId);
    const { events } = await (await fetch(`${acme.loginUrl}/sandbox/events/Call_Completed__e?org=acme`)).json();
    assert.deepEqual(events.map((e) => e.fields.Call_Id__c).filter((id) => id.startsWith('CA-raw')), ['CA-raw-a', 'CA-raw-d']);
  });

  test('an event of more than 1 MB fails by itself', async () => {
    const payload = type.toBuffer(whole(schema, { CreatedDate: Date.now(), CreatedById: conn.userInfo.id, Call_Id__c: 'CA-large', Writes__c: 'x'.repeat(1_100_000) }));
    const out = await unary('Publish', { topicName: topic, events: [{ id: 'large', schemaId, payload }] });
    assert.equal(out.results[0].error.code, 'PUBLISH');
  });

  test('a request of more than 4 MB is reset as the gateway does', async () => {
    const payload = type.toBuffer(whole(schema, { CreatedDate: Date.now(), CreatedById: conn.userInfo.id, Call_Id__c: 'CA-l', Writes__c: 'x'.repeat(900_000) }));
    await assert.rejects(unary('Publish', { topicName: topic, events: Array.from({ length: 5 }, (_, i) => ({ id: `${i}`, schemaId, payload })) }),
      (e) => e.code === grpc.status.UNAVAILABLE && /upstream connect error or disconnect\/reset before headers\. reset reason: remote reset/.test(e.details));
  });

  for (const [what, over] of [
    ['no token', { accesstoken: '' }], ['a token that is none', { accesstoken: 'gone' }], ['another org', { tenantid: '00D000000000001AAA' }], ['no instance', { instanceurl: '' }],
  ]) {
    test(`with ${what}: UNAUTHENTICATED, and the error-code trailer`, async () => {
      await assert.rejects(unary('GetTopic', { topicName: topic }, meta(over)),
        (e) => e.code === grpc.status.UNAUTHENTICATED && code(e) === 'sfdc.platform.eventbus.grpc.service.auth.error');
    });
  }

  test('a topic or schema that there is not', async () => {
    await assert.rejects(unary('GetTopic', { topicName: '/event/Nothing__e' }), (e) => e.code === grpc.status.NOT_FOUND);
    await assert.rejects(unary('GetSchema', { schemaId: 'AAAAAAAAAAAAAAAAAAAAAA' }), (e) => e.code === grpc.status.NOT_FOUND);
  });

  for (const n of [0, -1, 101]) {
    test(`${n} events can't be asked for`, async () => {
      await assert.rejects(first('Subscribe', { topicName: topic, numRequested: n }),
        (e) => e.code === grpc.status.INVALID_ARGUMENT && code(e) === 'sfdc.platform.eventbus.grpc.subscription.fetch.requested.events.invalid');
    });
  }

  test('a replay id that is none', async () => {
    await assert.rejects(first('Subscribe', { topicName: topic, numRequested: 1, replayPreset: 'CUSTOM', replayId: Buffer.from('xyz') }),
      (e) => e.code === grpc.status.INVALID_ARGUMENT && code(e).startsWith('sfdc.platform.eventbus.grpc.subscription.fetch.replayid.'));
  });

  test('a stream delivers no more than was asked for, and tells what is pending', async () => {
    const answer = await first('Subscribe', { topicName: topic, numRequested: 2, replayPreset: 'EARLIEST' });
    assert.equal(answer.events.length, 2);
    assert.equal(answer.pendingNumRequested, 0);
    assert.equal(answer.events[0].replayId.length, 8);
    const decoded = type.fromBuffer(answer.events[0].event.payload);
    assert.equal(typeof decoded.Call_Id__c, 'string');
    assert.deepEqual(answer.latestReplayId, answer.events[1].replayId);
  });

  test('the topic of a publishing stream can not be changed', async () => {
    const stream = raw.PublishStream(meta());
    const failed = new Promise((done) => stream.on('error', done));
    const payload = type.toBuffer(whole(schema, { CreatedDate: Date.now(), CreatedById: conn.userInfo.id, Call_Id__c: 'CA-s' }));
    const answered = new Promise((done) => stream.once('data', done));
    stream.write({ topicName: topic, events: [{ id: '1', schemaId, payload }] });
    assert.equal((await answered).results[0].correlationKey, '1');
    stream.write({ topicName: '/event/Call_Written__e', events: [{ id: '2', schemaId, payload }] });
    assert.equal((await failed).code, grpc.status.INVALID_ARGUMENT);
  });

  test('a stream that is half-closed ends in order', async () => {
    const stream = raw.PublishStream(meta());
    const ended = new Promise((done, fail) => stream.on('status', done).on('error', fail).on('data', () => {}));
    stream.end();
    assert.equal((await ended).code, grpc.status.OK);
  });
});

describe('an org with narrow limits', () => {
  let meta;
  before(async () => {
    const c = await adminOf({ loginUrl: narrow.ready.salesforce, admin: 'admin@narrow.example', password: 'password' });
    meta = new grpc.Metadata();
    for (const [k, v] of Object.entries({ accesstoken: c.accessToken, instanceurl: c.instanceUrl, tenantid: c.userInfo.organizationId })) meta.set(k, v);
  });
  const code = (e) => e.metadata.get('error-code')[0];

  test('a quiet subscription hears an empty answer that moves its replay id on', async () => {
    const stream = limited.Subscribe(meta);
    const answers = [];
    stream.on('data', (a) => answers.push(a)).on('error', () => {}); // it is cancelled below
    stream.write({ topicName: topic, numRequested: 5 });
    await eventually('two empty answers have come', () => answers.length >= 2);
    stream.cancel();
    for (const a of answers) {
      assert.deepEqual(a.events, []);
      assert.equal(a.latestReplayId.length, 8);
      assert.equal(a.pendingNumRequested, 5);
    }
  });

  test('a publishing stream on which nothing comes is closed', async () => {
    const stream = limited.PublishStream(meta);
    const e = await new Promise((done) => stream.on('error', done).on('data', () => {}));
    assert.ok([grpc.status.CANCELLED, grpc.status.DEADLINE_EXCEEDED, grpc.status.ABORTED].includes(e.code), e.message);
  });

  test('more streams than an org may have are refused', async () => {
    const open = [limited.Subscribe(meta), limited.Subscribe(meta)];
    for (const s of open) {
      s.on('error', () => {}); // cancelled below
      s.write({ topicName: topic, numRequested: 1 });
    }
    await Promise.all(open.map((s) => new Promise((done) => s.once('data', done))));
    const third = limited.Subscribe(meta);
    const refusedWith = new Promise((done) => third.on('error', done).on('data', () => {}));
    third.write({ topicName: topic, numRequested: 1 });
    const e = await refusedWith;
    assert.equal(e.code, grpc.status.RESOURCE_EXHAUSTED);
    assert.equal(code(e), 'sfdc.platform.eventbus.grpc.subscription.limit.exceeded');
    for (const s of open) s.cancel();
  });
});

// Google's Node clients for Vertex AI against the stand-in: what inference asks for, and what it must expect.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import grpc from '@grpc/grpc-js';
import aiplatform from '@google-cloud/aiplatform';
import { at } from '../lib/google.js';
import { startNarrow, startProduct } from '../lib/product.js';

const { status } = grpc;
const model = 'projects/judges-1/locations/us-central1/publishers/google/models/gemini-2.5-flash';
const user = (text) => ({ role: 'user', parts: [{ text }] });
const enumOf = (...values) => ({ type: 'STRING', format: 'enum', enum: values });
const object = (properties) => ({ type: 'OBJECT', properties, required: Object.keys(properties), propertyOrdering: Object.keys(properties) });
const label = (...values) => object({ value: enumOf(...values), confidence: { type: 'NUMBER' }, quote: { type: 'STRING' } });

/** The question that inference asks, in small: a catalogue, a transcript, and a schema for the answer. */
const question = (change = {}) => ({
  model,
  systemInstruction: { parts: [{ text: '- ReportFault: something is broken\n- AskPrice: wants to know what it costs\n- Closed: a ticket was opened\n- Open: nothing was agreed' }] },
  contents: [user("<transcript>\n1 00:01 agent: Hello.\n2 00:04 caller: The lamp that I bought is broken.\n3 00:09 agent: I've opened a ticket.\n</transcript>")],
  labels: { tenant: 'acme', line_of_business: 'support' },
  generationConfig: {
    temperature: 0, maxOutputTokens: 2048, responseMimeType: 'application/json',
    responseSchema: object({ intent: label('AskPrice', 'ReportFault'), disposition: label('Open', 'Closed'), summary: { type: 'STRING' } }),
  },
  ...change,
});
const configured = (change) => question({ generationConfig: { ...question().generationConfig, ...change } });

let product, narrow, client;
const clients = [];

function open(address, Client = aiplatform.v1.PredictionServiceClient) {
  clients.push(at(address, Client));
  return clients.at(-1);
}
const failing = (name) => open(narrow.ready[`vertex.${name}`]);
const text = (response) => response.candidates[0].content.parts.map((p) => p.text).join('');

before(async () => {
  product = await startProduct('vertexai');
  narrow = await startNarrow('vertexai');
  client = open(product.endpoints.address('Vertex AI (gRPC)'));
});
after(async () => {
  await Promise.all(clients.map((c) => c.close()));
  await narrow?.stop();
  await product?.stop();
});

describe('generateContent', () => {
  test('answers in the schema that was asked for', async () => {
    const [r] = await client.generateContent(question());
    const answer = JSON.parse(text(r));
    assert.deepEqual(Object.keys(answer), ['intent', 'disposition', 'summary']);
    assert.equal(answer.intent.value, 'ReportFault');
    assert.equal(answer.intent.quote, 'The lamp that I bought is broken.');
    assert.ok(answer.intent.confidence > 0.5 && answer.intent.confidence <= 1);
    assert.equal(answer.disposition.value, 'Closed');
    assert.equal(typeof answer.summary, 'string');
  });

  test('one candidate, its finish, its model, its usage', async () => {
    const [r] = await client.generateContent(question());
    assert.equal(r.candidates.length, 1);
    assert.equal(r.candidates[0].finishReason, 'STOP');
    assert.equal(r.candidates[0].content.role, 'model');
    assert.equal(r.modelVersion, 'gemini-2.5-flash');
    assert.ok(r.responseId);
    assert.equal(r.promptFeedback, null);
    const u = r.usageMetadata;
    assert.ok(u.promptTokenCount > 20 && u.candidatesTokenCount > 5);
    assert.equal(u.totalTokenCount, u.promptTokenCount + u.candidatesTokenCount);
  });

  test('thought tokens are counted where a model thinks', async () => {
    const [r] = await failing('thinking').generateContent(question());
    const u = r.usageMetadata;
    assert.equal(u.thoughtsTokenCount, 7);
    assert.equal(u.totalTokenCount, u.promptTokenCount + u.candidatesTokenCount + 7);
  });

  test('an answer that is sent back with what is wrong is answered again', async () => {
    const [first] = await client.generateContent(question());
    const [r] = await client.generateContent(question({ contents: [...question().contents, first.candidates[0].content, user('The quote of intent is wrong. Answer again.')] }));
    assert.ok(JSON.parse(text(r)).intent.value);
  });

  test('is cut at maxOutputTokens', async () => {
    const [r] = await client.generateContent(configured({ maxOutputTokens: 5 }));
    assert.equal(r.candidates[0].finishReason, 'MAX_TOKENS');
    assert.equal(r.usageMetadata.candidatesTokenCount, 5);
    assert.throws(() => JSON.parse(text(r)));
  });

  test('by another model that is offered', async () => {
    const [r] = await client.generateContent(question({ model: model.replace('flash', 'pro') }));
    assert.equal(r.modelVersion, 'gemini-2.5-pro');
  });
});

describe('streamGenerateContent', () => {
  test('is the same answer in pieces; reason and usage come with the last', async () => {
    const [whole] = await client.generateContent(question());
    const chunks = [];
    await new Promise((done, fail) => { client.streamGenerateContent(question()).on('data', (c) => chunks.push(c)).on('end', done).on('error', fail); });
    assert.ok(chunks.length > 1);
    assert.equal(chunks.map(text).join(''), text(whole));
    assert.ok(chunks.slice(0, -1).every((c) => c.candidates[0].finishReason === 'FINISH_REASON_UNSPECIFIED' && c.usageMetadata === null));
    assert.equal(chunks.at(-1).candidates[0].finishReason, 'STOP');
    assert.deepEqual(chunks.at(-1).usageMetadata, whole.usageMetadata);
    assert.equal(new Set(chunks.map((c) => c.responseId)).size, 1);
  });

  test('is refused like the other', async () => {
    await assert.rejects(new Promise((done, fail) => { client.streamGenerateContent(question({ contents: [] })).on('data', () => {}).on('end', done).on('error', fail); }), (e) => e.code === status.INVALID_ARGUMENT);
  });
});

describe('countTokens', () => {
  test('counts what generateContent bills', async () => {
    const counter = open(product.endpoints.address('Vertex AI (gRPC)'), aiplatform.v1.LlmUtilityServiceClient);
    const { contents, systemInstruction } = question();
    const [n] = await counter.countTokens({ endpoint: model, model, contents, systemInstruction });
    const [r] = await client.generateContent(question());
    assert.equal(n.totalTokens, r.usageMetadata.promptTokenCount);
    assert.ok(n.totalBillableCharacters > n.totalTokens);
    await assert.rejects(counter.countTokens({ endpoint: model.replace('2.5', '1.0'), contents }), (e) => e.code === status.NOT_FOUND);
  });
});

describe('what can not be', () => {
  const schema = (responseSchema) => configured({ responseSchema });
  for (const [what, request, code, details] of [
    ['a retired model', question({ model: model.replace('2.5', '1.0') }), status.NOT_FOUND, /^Publisher Model `projects\/judges-1\/.*` was not found or your project does not have access to it\./],
    ['a model without its path', question({ model: 'gemini-2.5-flash' }), status.INVALID_ARGUMENT, /Invalid resource field value/],
    ['no contents', question({ contents: [] }), status.INVALID_ARGUMENT, /at least one contents field is required/],
    ["another vendor's role", question({ contents: [{ role: 'assistant', parts: [{ text: 'x' }] }] }), status.INVALID_ARGUMENT, /^Please use a valid role: user, model\.$/],
    ['the last word to the model', question({ contents: [{ role: 'model', parts: [{ text: 'x' }] }] }), status.INVALID_ARGUMENT, /end with a user role/],
    ['no parts', question({ contents: [{ role: 'user', parts: [] }] }), status.INVALID_ARGUMENT, /at least one parts field/],
    ['an empty text', question({ contents: [user('')] }), status.INVALID_ARGUMENT, /empty text parameter/],
    ['a label in capitals', question({ labels: { tenant: 'Acme' } }), status.INVALID_ARGUMENT, /lowercase letters/],
    ['65 labels', question({ labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, 'x'])) }), status.INVALID_ARGUMENT, /64 labels/],
    ['a temperature of 3', configured({ temperature: 3 }), status.INVALID_ARGUMENT, /temperature value of 3 but the supported range is from 0 \(inclusive\) to 2\.0 \(inclusive\)/],
    ['no output', configured({ maxOutputTokens: 0 }), status.INVALID_ARGUMENT, /maxOutputTokens/],
    ['an unknown mime type', configured({ responseMimeType: 'application/xml' }), status.INVALID_ARGUMENT, /mime type/],
    ['a schema for plain text', configured({ responseMimeType: 'text/plain' }), status.INVALID_ARGUMENT, /responseMimeType/],
    ['a schema without a type', schema({ description: 'x' }), status.INVALID_ARGUMENT, /schema type field/],
    ['an object of nothing', schema({ type: 'OBJECT' }), status.INVALID_ARGUMENT, /non-empty for OBJECT/],
    ['a required property that there is not', schema({ ...object({ a: { type: 'STRING' } }), required: ['b'] }), status.INVALID_ARGUMENT, /property is not defined/],
    ['an array of nothing', schema({ type: 'ARRAY' }), status.INVALID_ARGUMENT, /items: missing field/],
  ]) {
    test(`${what} is refused`, async () => {
      await assert.rejects(client.generateContent(request), (e) => {
        assert.equal(e.code, code, e.message);
        assert.match(e.details, details);
        return true;
      });
    });
  }
});

describe('what may happen', () => {
  test('a spent quota is RESOURCE_EXHAUSTED, and tells how long to wait', async () => {
    const c = failing('quota');
    await c.generateContent(question());
    await c.generateContent(question());
    await assert.rejects(c.generateContent(question()), (e) => {
      assert.equal(e.code, status.RESOURCE_EXHAUSTED);
      assert.match(e.details, /^Resource exhausted\. Please try again later\./);
      const retry = e.statusDetails.find((d) => d.retryDelay);
      assert.equal(Number(retry.retryDelay.seconds), 3);
      return true;
    });
  });

  for (const code of ['UNAVAILABLE', 'INTERNAL', 'PERMISSION_DENIED', 'UNAUTHENTICATED']) {
    test(code, async () => {
      await assert.rejects(failing(code).generateContent(question(), { timeout: 2000 }), (e) => e.code === status[code] && e.details.length > 0);
    });
  }

  test('no answer until the client gives up', async () => {
    // The server ends the call at the same deadline; which of the two is first decides the code.
    await assert.rejects(failing('HANG').generateContent(question(), { timeout: 200 }),
      (e) => [status.DEADLINE_EXCEEDED, status.CANCELLED].includes(e.code));
  });

  for (const reason of ['SAFETY', 'PROHIBITED_CONTENT']) {
    test(`a prompt that is blocked for ${reason} is no error and has no candidate`, async () => {
      const [r] = await failing(reason).generateContent(question());
      assert.deepEqual(r.candidates, []);
      assert.equal(r.promptFeedback.blockReason, reason);
      assert.ok(r.usageMetadata.promptTokenCount > 0);
    });
  }

  test('a phrase that is blocked', async () => {
    const [r] = await failing('blocks').generateContent(question({ contents: [user('1 00:01 caller: a Forbidden word')] }));
    assert.equal(r.promptFeedback.blockReason, 'SAFETY');
  });

  for (const [code, reason] of [['FINISH_SAFETY', 'SAFETY'], ['RECITATION', 'RECITATION'], ['SPII', 'SPII'], ['MAX_TOKENS', 'MAX_TOKENS']]) {
    test(`an answer that ends for ${reason}`, async () => {
      const [r] = await failing(code).generateContent(question());
      assert.equal(r.candidates[0].finishReason, reason);
      if (code !== 'MAX_TOKENS') assert.equal(r.candidates[0].content, null);
    });
  }
});

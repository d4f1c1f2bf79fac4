// Google's Node client for Speech-to-Text v2 against the stand-in.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import grpc from '@grpc/grpc-js';
import speech from '@google-cloud/speech';
import { at } from '../lib/google.js';
import { root, startNarrow, startProduct } from '../lib/product.js';

const { status } = grpc;
const recognizer = 'projects/judges/locations/global/recognizers/_';
const explicitDecodingConfig = { encoding: 'MULAW', sampleRateHertz: 8000, audioChannelCount: 1 };
const config = { explicitDecodingConfig, languageCodes: ['en-US'], model: 'telephony', features: {} };
const silence = (seconds) => Buffer.alloc(8000 * seconds, 0xff);
const spoken = Buffer.concat([silence(1), readFileSync(join(root, 'samples/calls/books-a-demo/c1.ulaw')), silence(2)]);
const said = "hi my name is martin whitfield i'm calling from bluebird bakery and i'd like to book a demo of your scheduling software";
const words = (text) => text.toLowerCase().replace(/[^a-z0-9' ]+/g, ' ').replace(/\s+/g, ' ').trim();
const seconds = (d) => Number(d.seconds) + d.nanos / 1e9;

let product, narrow, client, limited;

before(async () => {
  product = await startProduct('googlespeech');
  narrow = await startNarrow('googlespeech');
  client = at(product.endpoints.address('Google Speech v2 (gRPC)'), speech.v2.SpeechClient);
  limited = at(narrow.ready.speech, speech.v2.SpeechClient);
});
after(async () => {
  await client?.close();
  await limited?.close();
  await narrow?.stop();
  await product?.stop();
});

/** Sends messages, half-closes, and returns every response; the error, if any, is thrown. */
function stream(messages, { close = true, by = client } = {}) {
  return new Promise((done, fail) => {
    const responses = [];
    const s = by._streamingRecognize();
    s.on('data', (r) => responses.push(r)).on('error', (e) => fail(Object.assign(e, { responses }))).on('end', () => done(responses));
    for (const m of messages) s.write(m);
    if (close) s.end();
  });
}

/** The messages of one stream: its settings, then audio in pieces of 100 ms. */
function* hearing(audio, { streamingFeatures = {}, change = {}, to = recognizer, piece = 800 } = {}) {
  yield { recognizer: to, streamingConfig: { config: { ...config, ...change }, streamingFeatures } };
  for (let i = 0; i < audio.length; i += piece) yield { audio: audio.subarray(i, i + piece) };
}
const results = (responses) => responses.flatMap((r) => r.results);
const finals = (responses) => results(responses).filter((r) => r.isFinal);
const text = (responses) => words(finals(responses).map((r) => r.alternatives[0].transcript).join(''));

describe('a stream', () => {
  test('is heard word for word, finals only unless asked', async () => {
    const got = await stream(hearing(spoken));
    assert.equal(text(got), said);
    assert.ok(results(got).every((r) => r.isFinal));
    for (const r of finals(got)) {
      assert.equal(r.languageCode, 'en-US');
      assert.ok(r.alternatives[0].confidence > 0 && r.alternatives[0].confidence <= 1);
      assert.ok(seconds(r.resultEndOffset) > 1);
      assert.deepEqual(r.alternatives[0].words, []);
    }
    const ends = finals(got).map((r) => seconds(r.resultEndOffset));
    assert.deepEqual(ends, [...ends].sort((a, b) => a - b));
  });

  test('shows interim results where asked, before their final', async () => {
    const got = results(await stream(hearing(spoken, { streamingFeatures: { interimResults: true } })));
    const interim = got.filter((r) => !r.isFinal);
    assert.ok(interim.length > 3);
    assert.ok(interim.every((r) => r.stability > 0 && r.alternatives[0].confidence === 0));
    assert.equal(got.at(-1).isFinal, true);
    assert.ok(got.findIndex((r) => !r.isFinal) < got.findIndex((r) => r.isFinal));
  });

  test('words have times and confidence where asked', async () => {
    const got = finals(await stream(hearing(spoken, { change: { features: { enableWordTimeOffsets: true, enableWordConfidence: true, enableAutomaticPunctuation: true } } })));
    const all = got.flatMap((r) => r.alternatives[0].words);
    assert.equal(words(all.map((w) => w.word).join(' ')), said);
    let at = 0;
    for (const w of all) {
      assert.ok(seconds(w.startOffset) >= at && seconds(w.endOffset) > seconds(w.startOffset), w.word);
      at = seconds(w.startOffset);
      assert.ok(w.confidence > 0);
    }
    assert.match(got.map((r) => r.alternatives[0].transcript).join(''), /Hi, my name is Martin Whitfield\./);
  });

  test('without punctuation there is none', async () => {
    const got = finals(await stream(hearing(spoken)));
    assert.doesNotMatch(got.map((r) => r.alternatives[0].transcript).join(''), /[.,!?]/);
  });

  test('events tell where speech begins and ends', async () => {
    const got = await stream(hearing(spoken, { streamingFeatures: { enableVoiceActivityEvents: true } }));
    const events = got.filter((r) => r.speechEventType !== 'SPEECH_EVENT_TYPE_UNSPECIFIED');
    assert.deepEqual([events[0].speechEventType, events.at(-1).speechEventType], ['SPEECH_ACTIVITY_BEGIN', 'SPEECH_ACTIVITY_END']);
    const [begin, end] = [seconds(events[0].speechEventOffset), seconds(events.at(-1).speechEventOffset)];
    assert.ok(begin >= 0.8 && begin < 1.5, `${begin}`);
    assert.ok(end > begin + 2 && end <= spoken.length / 8000, `${end}`);
  });

  test('speech that does not begin ends the stream, if asked', async () => {
    const voiceActivityTimeout = { speechStartTimeout: { seconds: 2 } };
    const got = await stream(hearing(silence(10), { streamingFeatures: { enableVoiceActivityEvents: true, voiceActivityTimeout } }), { close: false });
    assert.deepEqual(results(got), []);
  });

  test('speech that has ended ends the stream, if asked', async () => {
    const voiceActivityTimeout = { speechEndTimeout: { seconds: 1 } };
    const got = await stream(hearing(Buffer.concat([spoken, silence(5)]), { streamingFeatures: { enableVoiceActivityEvents: true, voiceActivityTimeout } }), { close: false });
    assert.equal(text(got), said);
  });

  test('is billed by the second', async () => {
    const got = await stream(hearing(spoken));
    const { totalBilledDuration, requestId } = got.at(-1).metadata;
    assert.equal(totalBilledDuration.nanos, 0);
    assert.ok(seconds(totalBilledDuration) >= seconds(finals(got).at(-1).resultEndOffset) && seconds(totalBilledDuration) <= Math.ceil(spoken.length / 8000));
    assert.ok(requestId);
  });

  test('silence is no words', async () => assert.deepEqual(results(await stream(hearing(silence(5)))), []));

  test('in the language that was asked for only', async () => {
    const spanish = Buffer.concat([silence(1), readFileSync(join(root, 'samples/calls/habla-espanol/c3.ulaw')), silence(2)]);
    assert.deepEqual(results(await stream(hearing(spanish))), []);
    const got = finals(await stream(hearing(spanish, { change: { languageCodes: ['es-US'] } })));
    assert.equal(got.map((r) => r.alternatives[0].transcript).join(''), 'Muchas gracias adiós');
    assert.equal(got[0].languageCode, 'es-US');
  });

  test('in either of two languages', async () => {
    assert.equal(text(await stream(hearing(spoken, { change: { languageCodes: ['es-US', 'en-US'] } }))), said);
  });

  test('in other regions, with other models', async () => {
    for (const [location, model] of [['us', 'chirp_3'], ['us-central1', 'chirp_2'], ['eu', 'long']]) {
      assert.equal(text(await stream(hearing(spoken, { to: `projects/judges/locations/${location}/recognizers/_`, change: { model } }))), said, model);
    }
  });

  test('audio in the largest pieces', async () => assert.equal(text(await stream(hearing(spoken, { piece: 25_600 }))), said));

  test('ends after five minutes of audio with ABORTED', async () => {
    const long = Buffer.concat([spoken, silence(301 - Math.floor(spoken.length / 8000))]);
    await assert.rejects(stream(hearing(long, { piece: 25_600 })), (e) => {
      assert.equal(e.code, status.ABORTED);
      assert.equal(e.details, 'Max duration of 5 minutes reached for stream.');
      assert.equal(text(e.responses), said);
      return true;
    });
  });
});

describe('a recogniser with narrow limits', () => {
  test('a stream that says nothing is ABORTED', async () => {
    await assert.rejects(stream(hearing(silence(1)), { close: false, by: limited }), (e) => e.code === status.ABORTED && /^Stream timed out after receiving no more client requests\.$/.test(e.details));
  });

  test('a stream ends by the clock, too', async () => {
    const s = limited._streamingRecognize();
    const failed = new Promise((done) => s.on('error', done).on('data', () => {}));
    const [settings] = hearing(silence(1));
    s.write(settings);
    const speaking = setInterval(() => s.write({ audio: silence(0.1) }), 100); // slower than its length in audio would end it
    const e = await failed;
    clearInterval(speaking);
    assert.equal(e.code, status.ABORTED);
    assert.match(e.details, /^Max duration of 5 minutes reached for stream\.$/);
  });

  test('more streams than a project may have are RESOURCE_EXHAUSTED, with why', async () => {
    const one = limited._streamingRecognize().on('error', () => {}); // it is left to run out
    const begun = new Promise((done) => one.once('data', done));
    for (const m of hearing(spoken.subarray(0, 12_800), { streamingFeatures: { enableVoiceActivityEvents: true } })) one.write(m);
    await begun;
    const e = await stream(hearing(silence(0.1)), { by: limited }).then(() => undefined, (refused) => refused);
    one.destroy();
    assert.equal(e.code, status.RESOURCE_EXHAUSTED);
    assert.match(e.details, /^Quota exceeded for quota metric 'speech\.googleapis\.com\/concurrent_streaming_requests'/);
    assert.equal(e.reason, 'RATE_LIMIT_EXCEEDED');
    assert.ok(e.statusDetails.some((d) => d.retryDelay));
  });
});

describe('what can not be', () => {
  const first = (over) => [{ recognizer, streamingConfig: { config, streamingFeatures: {} }, ...over }];
  const changed = (change) => first({ streamingConfig: { config: { ...config, ...change }, streamingFeatures: {} } });
  const named = (name) => [{ recognizer: name, streamingConfig: { config, streamingFeatures: {} } }];
  const features = (streamingFeatures) => first({ streamingConfig: { config, streamingFeatures } });

  for (const [what, messages, code, details] of [
    ['no recognizer', first({ recognizer: '' }), status.INVALID_ARGUMENT, /recognizer/],
    ['no settings', [{ recognizer }], status.INVALID_ARGUMENT, /streaming_config/],
    ['audio first', [{ audio: silence(1) }], status.INVALID_ARGUMENT, /first request/],
    ['a path that is none', named('recognizers/_'), status.INVALID_ARGUMENT, /Invalid resource field value/],
    ['a place that there is not', named('projects/judges/locations/moon/recognizers/_'), status.INVALID_ARGUMENT, /moon/],
    ['a recognizer that nobody made', named('projects/judges/locations/global/recognizers/mine'), status.NOT_FOUND, /Unable to find Recognizer/],
    ['no language', changed({ languageCodes: [] }), status.INVALID_ARGUMENT, /language/],
    ['a language that is none', changed({ languageCodes: ['english'] }), status.INVALID_ARGUMENT, /language "english" is not supported/],
    ['no model', changed({ model: '' }), status.INVALID_ARGUMENT, /model "" does not exist/],
    ['a model that there is not', changed({ model: 'telepathy' }), status.INVALID_ARGUMENT, /The model "telepathy" does not exist in the location named "global"/],
    ['a model elsewhere', changed({ model: 'chirp_3' }), status.INVALID_ARGUMENT, /chirp_3/],
    ['another encoding', changed({ explicitDecodingConfig: { ...explicitDecodingConfig, encoding: 'LINEAR16' } }), status.INVALID_ARGUMENT, /encoding/],
    ['another rate', changed({ explicitDecodingConfig: { ...explicitDecodingConfig, sampleRateHertz: 16000 } }), status.INVALID_ARGUMENT, /sample_rate/],
    ['too many alternatives', changed({ features: { maxAlternatives: 31 } }), status.INVALID_ARGUMENT, /max_alternatives/],
    ['a time-out without events', features({ voiceActivityTimeout: { speechStartTimeout: { seconds: 2 } } }), status.INVALID_ARGUMENT, /enable_voice_activity_events/],
    ['a time-out of an hour', features({ enableVoiceActivityEvents: true, voiceActivityTimeout: { speechStartTimeout: { seconds: 3600 } } }), status.INVALID_ARGUMENT, /voice_activity_timeout/],
    ['settings twice', [...first(), ...first()], status.INVALID_ARGUMENT, /Only the first request/],
    ['a message with nothing in it', [...first(), {}], status.INVALID_ARGUMENT, /must contain audio/],
    ['too much audio in one message', [...first(), { audio: silence(4) }], status.INVALID_ARGUMENT, /Audio chunk can be of a maximum of 25600 bytes\. Received audio of 32000 bytes instead\./],
  ]) {
    test(`${what} is refused`, async () => {
      await assert.rejects(stream(messages), (e) => {
        assert.equal(e.code, code, e.message);
        assert.match(e.details, details);
        return true;
      });
    });
  }
});

describe('recognition of a whole file', () => {
  test('gives the same words', async () => {
    const [got] = await client.recognize({ recognizer, config: { ...config, features: { enableWordTimeOffsets: true } }, content: spoken });
    assert.equal(words(got.results.map((r) => r.alternatives[0].transcript).join(' ')), said);
    assert.equal(got.results[0].languageCode, 'en-US');
    assert.equal(words(got.results.flatMap((r) => r.alternatives[0].words).map((w) => w.word).join(' ')), said);
    assert.equal(Number(got.metadata.totalBilledDuration.seconds), Math.ceil(spoken.length / 8000));
  });

  test('of a minute at most', async () => {
    await assert.rejects(client.recognize({ recognizer, config, content: silence(61) }), (e) => e.code === status.INVALID_ARGUMENT);
  });

  test('needs audio, and settings', async () => {
    await assert.rejects(client.recognize({ recognizer, config }), (e) => e.code === status.INVALID_ARGUMENT);
    await assert.rejects(client.recognize({ recognizer, content: spoken }), (e) => e.code === status.INVALID_ARGUMENT);
    await assert.rejects(client.recognize({ recognizer, config: { ...config, model: 'telepathy' }, content: spoken }), (e) => e.code === status.INVALID_ARGUMENT);
  });
});

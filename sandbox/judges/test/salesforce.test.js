// jsforce as an integrator uses it, against the sandbox's Salesforce.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import jsforce from 'jsforce';
import { startNarrow, startProduct } from '../lib/product.js';
import { adminOf, assertion, org, refusal } from '../lib/salesforce.js';

let product, acme, conn;

before(async () => {
  product = await startProduct('salesforce');
  acme = org(product, 'acme');
  conn = await adminOf(acme);
});
after(() => product?.stop());

/** A refusal by Salesforce: its code, and where given its HTTP status and what its message says. */
async function refused(promise, code, status, message) {
  const e = await refusal(promise);
  assert.equal(e.errorCode, code, e.stack);
  if (message) assert.match(e.message, message);
  if (status) assert.equal(lastStatus, status, 'HTTP status');
  return e;
}
let lastStatus;

/** The same connection, watched for the HTTP status of its last answer. */
function watch(c) {
  const request = c._transport.httpRequest.bind(c._transport);
  c._transport.httpRequest = (req, options) => {
    const answer = request(req, options);
    answer.then((res) => { lastStatus = res.statusCode; }, () => {}); // a failure is the caller's to see
    return answer;
  };
  return c;
}

describe('logging in', () => {
  test('by user name and password', async () => {
    const c = new jsforce.Connection({ loginUrl: acme.loginUrl });
    const user = await c.login(acme.admin, acme.password);
    assert.match(user.id, /^005\w{15}$/);
    assert.match(user.organizationId, /^00D\w{15}$/);
    assert.equal(c.userInfo.organizationId, user.organizationId);
    assert.match(c.accessToken, /^00D\w{12}!/);
    const again = new jsforce.Connection({ instanceUrl: c.instanceUrl, accessToken: c.accessToken });
    await again.query('SELECT Id FROM Task');
    await c.logout();
    await refused(again.query('SELECT Id FROM Task'), 'INVALID_SESSION_ID');
  });

  test('by the line that `frontdesk up` prints', async () => {
    const shell = spawn('sh', ['-c', product.endpoints.line('Salesforce', 'acme')], { cwd: import.meta.dirname });
    let out = '';
    let err = '';
    shell.stdout.on('data', (d) => { out += d; });
    shell.stderr.on('data', (d) => { err += d; });
    const code = await new Promise((done) => shell.on('close', done));
    assert.equal(code, 0, err);
    assert.match(out, /\(index\)|┌/); // a table, though an empty one
  });

  test('a wrong password is INVALID_LOGIN', async () => {
    const e = await refusal(new jsforce.Connection({ loginUrl: acme.loginUrl }).login(acme.admin, 'wrong'));
    assert.match(e.message, /^INVALID_LOGIN: Invalid username, password, security token; or user locked out\.$/);
  });

  const grant = (claims, key, algorithm) => new jsforce.OAuth2({ loginUrl: acme.loginUrl }).requestToken({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion(acme, claims, key, algorithm),
  });

  test('by JWT bearer', async () => {
    const token = await grant();
    assert.equal(token.token_type, 'Bearer');
    assert.ok(token.access_token && token.instance_url && token.scope);
    assert.equal(token.refresh_token, undefined);
    assert.match(token.id, /\/id\/00D\w{15}\/005\w{15}$/);
    const c = new jsforce.Connection({ accessToken: token.access_token, instanceUrl: token.instance_url });
    assert.equal((await c.identity()).username, acme.integration);
  });

  test('by JWT bearer through authorize', async () => {
    const c = new jsforce.Connection({ oauth2: { loginUrl: acme.loginUrl }, loginUrl: acme.loginUrl, instanceUrl: acme.loginUrl });
    const user = await c.authorize({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion(acme) });
    assert.match(user.id, /^005/);
    assert.match(user.organizationId, /^00D/);
    assert.equal((await c.identity()).username, acme.integration); // asked at the URL in "id"
  });

  // Salesforce's own command line signs for 300,000 years by mistake and gets in; the Pub/Sub client signs for five minutes.
  test('an assertion may be good for longer than it needs', async () => {
    assert.ok((await grant({ exp: Math.floor(Date.now() / 1000) + 300 })).access_token);
    assert.ok((await grant({ exp: Date.now() + 300 })).access_token);
  });

  for (const [what, claims, error, description] of [
    ['expired', { exp: Math.floor(Date.now() / 1000) - 600 }, 'invalid_grant', /expired/],
    ['for somebody unknown', { sub: 'nobody@acme.example' }, 'invalid_grant', /user hasn't approved this consumer/],
    ['for another host', { aud: 'https://example.com' }, 'invalid_grant', /audience is invalid/],
    ['for a sandbox org, which acme is not', { aud: 'https://test.salesforce.com' }, 'invalid_grant', /audience is invalid/],
    ['of an unknown client', { iss: 'nobody' }, 'invalid_client_id', /client identifier invalid/],
  ]) {
    test(`an assertion ${what} is refused`, async () => {
      const e = await refusal(grant(claims));
      assert.equal(e.name, error);
      assert.match(e.message, description);
    });
  }

  test('an assertion signed by another key, or without one, is refused', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    assert.equal((await refusal(grant({}, privateKey.export({ type: 'pkcs8', format: 'pem' })))).name, 'invalid_grant');
    assert.equal((await refusal(grant({}, 'a secret', 'HS256'))).name, 'invalid_grant');
  });

  test('client credentials and other grants are refused to an app that has no secret', async () => {
    const oauth2 = new jsforce.OAuth2({ loginUrl: acme.loginUrl, clientId: acme.clientId, clientSecret: 'guessed' });
    assert.equal((await refusal(oauth2.requestToken({ grant_type: 'client_credentials' }))).name, 'invalid_client');
    assert.equal((await refusal(oauth2.authenticate(acme.admin, acme.password))).name, 'invalid_client');
    assert.equal((await refusal(oauth2.requestToken({ grant_type: 'magic' }))).name, 'unsupported_grant_type');
    assert.equal((await refusal(oauth2.refreshToken('5Aep861'))).name, 'invalid_client');
    assert.equal((await refusal(new jsforce.OAuth2({ loginUrl: acme.loginUrl, clientId: 'nobody', clientSecret: 'x' }).refreshToken('x'))).name, 'invalid_client_id');
  });

  test('a token is revoked', async () => {
    const token = await grant();
    const oauth2 = new jsforce.OAuth2({ loginUrl: acme.loginUrl });
    await oauth2.revokeToken(token.access_token);
    const c = new jsforce.Connection({ accessToken: token.access_token, instanceUrl: token.instance_url });
    await refused(c.query('SELECT Id FROM Task'), 'INVALID_SESSION_ID');
  });

  test('identity tells user and org', async () => {
    const me = await conn.identity();
    assert.equal(me.username, acme.admin);
    assert.equal(me.organization_id, conn.userInfo.organizationId);
    assert.equal(me.user_id, conn.userInfo.id);
    assert.equal(me.active, true);
  });

  test('userinfo by the OpenID endpoint', async () => {
    const info = await conn.request('/services/oauth2/userinfo');
    assert.equal(info.preferred_username, acme.admin);
    assert.equal(info.organization_id, conn.userInfo.organizationId);
  });

  test('a session that has ended is refreshed, once, and the request goes through', async () => {
    let asked = 0;
    const c = new jsforce.Connection({
      instanceUrl: acme.loginUrl, accessToken: 'gone', version: '67.0',
      refreshFn: (_, done) => {
        asked++;
        grant().then((t) => done(null, t.access_token), done);
      },
    });
    const [a, b] = await Promise.all([c.query('SELECT Id FROM Lead LIMIT 1'), c.query('SELECT Id FROM Task LIMIT 1')]);
    assert.equal(a.done && b.done, true);
    assert.equal(asked, 1);
  });

  test('without a way to refresh, INVALID_SESSION_ID', async () => {
    const c = watch(new jsforce.Connection({ instanceUrl: acme.loginUrl, accessToken: 'gone' }));
    await refused(c.sobject('Lead').describe(), 'INVALID_SESSION_ID', 401, /^Session expired or invalid$/);
  });
});

describe('describing', () => {
  test('versions and resources', async () => {
    const versions = await conn.request('/services/data');
    assert.ok(versions.some((v) => v.version === '67.0' && v.url === '/services/data/v67.0' && v.label));
    const resources = await conn.request('/services/data/v67.0/');
    for (const r of ['sobjects', 'query', 'search', 'composite', 'limits']) assert.equal(resources[r], `/services/data/v67.0/${r}`);
  });

  test('all objects', async () => {
    const all = await conn.describeGlobal();
    assert.equal(all.maxBatchSize, 200);
    const byName = new Map(all.sobjects.map((o) => [o.name, o]));
    for (const [name, prefix] of [['Lead', '00Q'], ['Contact', '003'], ['Case', '500'], ['Task', '00T'], ['Account', '001'], ['User', '005'], ['ContentVersion', '068']]) {
      assert.equal(byName.get(name)?.keyPrefix, prefix, name);
    }
    assert.equal(byName.get('Call_Completed__e').custom, true);
  });

  for (const [object, fields] of [
    ['Lead', { LastName: ['string', 80], Company: ['string', 255], Phone: ['phone', 40], Caller_Key__c: ['string', 64], Intent__c: ['picklist', 255], Intent_Confidence__c: ['double', 0], StartTime__c: ['datetime', 0], Consent_Record__c: ['boolean', 0], Call_Cost__c: ['currency', 0], OwnerId: ['reference', 18], Description: ['textarea', 32000], Email: ['email', 80] }],
    ['Contact', { AccountId: ['reference', 18], Caller_Key__c: ['string', 64], Last_Call_Id__c: ['string', 64], Name: ['string', 121] }],
    ['Case', { CaseNumber: ['string', 30], Call_Id__c: ['string', 64], Transcript__c: ['textarea', 131072], Recording_URL__c: ['url', 255], Disposition__c: ['picklist', 255] }],
    ['Task', { WhoId: ['reference', 18], WhatId: ['reference', 18], Subject: ['combobox', 255], Call_Id__c: ['string', 80], CallDurationInSeconds: ['int', 0], ActivityDate: ['date', 0] }],
    ['ContentVersion', { VersionData: ['base64', 0], Title: ['string', 255], PathOnClient: ['string', 500] }],
  ]) {
    test(`${object} and its fields`, async () => {
      const d = await conn.describe(object);
      assert.equal(d.name, object);
      assert.ok(d.childRelationships && d.recordTypeInfos && d.urls.rowTemplate);
      const byName = new Map(d.fields.map((f) => [f.name, f]));
      assert.equal(byName.get('Id').type, 'id');
      for (const [name, [type, length]] of Object.entries(fields)) {
        assert.equal(byName.get(name)?.type, type, name);
        assert.equal(byName.get(name).length, length, name);
        assert.equal(byName.get(name).custom, name.endsWith('__c'), name);
      }
    });
  }

  test('keys, picklists and references say what they are', async () => {
    const byName = Object.fromEntries((await conn.describe('Task')).fields.map((f) => [f.name, f]));
    assert.equal(byName.Call_Id__c.externalId && byName.Call_Id__c.unique, true);
    assert.deepEqual(byName.WhoId.referenceTo, ['Contact', 'Lead']);
    assert.equal(byName.WhoId.polymorphicForeignKey, true);
    assert.equal(byName.Disposition__c.restrictedPicklist, true);
    assert.ok(byName.Disposition__c.picklistValues.some((v) => v.value === 'QualifiedLead' && v.active));
    assert.equal(byName.CreatedDate.createable, false);
  });

  test('events', async () => {
    for (const object of ['Call_Completed__e', 'Call_Written__e']) {
      const d = await conn.describe(object);
      assert.ok(d.fields.some((f) => f.name === 'ReplayId'), object);
      assert.equal(d.queryable, false);
    }
  });

  test('an object that there is not', async () => {
    await refused(watch(await adminOf(acme)).describe('Nothing__c'), 'NOT_FOUND', 404, /^The requested resource does not exist$/);
  });
});

describe('records', () => {
  const leads = () => conn.sobject('Lead');
  const fresh = (n) => ({ LastName: `Judge ${n}`, Company: 'Judges', Caller_Key__c: `judge-${n}` });

  test('create, retrieve, update, destroy', async () => {
    const made = await leads().create({ ...fresh('crud'), Phone: '+14155550199', Intent__c: 'BookDemo', Intent_Confidence__c: 0.9375, StartTime__c: '2026-11-02T18:00:00.000Z' });
    assert.equal(made.success, true);
    assert.deepEqual(made.errors, []);
    assert.match(made.id, /^00Q\w{15}$/);
    const lead = await leads().retrieve(made.id);
    assert.equal(lead.LastName, 'Judge crud');
    assert.equal(lead.Name, 'Judge crud');
    assert.equal(lead.Intent_Confidence__c, 0.9375);
    assert.equal(lead.StartTime__c, '2026-11-02T18:00:00.000+0000');
    assert.equal(lead.attributes.type, 'Lead');
    assert.equal(lead.attributes.url, `/services/data/v67.0/sobjects/Lead/${made.id}`);
    assert.equal(lead.OwnerId, conn.userInfo.id);
    const changed = await leads().update({ Id: made.id, Company: 'Others' });
    assert.equal(changed.success, true);
    assert.equal((await leads().retrieve(made.id, { fields: ['Company'] })).Company, 'Others');
    assert.equal((await leads().destroy(made.id)).success, true);
    await refused(leads().retrieve(made.id), 'NOT_FOUND', undefined, /^The requested resource does not exist$/);
  });

  test('a 15-character id is the same record', async () => {
    const made = await leads().create(fresh('short'));
    assert.equal((await leads().retrieve(made.id.slice(0, 15))).Id, made.id);
  });

  test('upsert by external id makes, then changes', async () => {
    const one = await leads().upsert({ ...fresh('upsert'), LastName: 'First' }, 'Caller_Key__c');
    assert.equal(one.created, true);
    const two = await leads().upsert({ ...fresh('upsert'), LastName: 'Second' }, 'Caller_Key__c');
    assert.equal(two.created, false);
    assert.equal(two.id, one.id);
    assert.equal((await leads().retrieve(one.id)).LastName, 'Second');
  });

  test('upsert with a key that needs escaping', async () => {
    const key = 'a/b c+d?é&%41';
    const made = await conn.request({ method: 'PATCH', url: `/sobjects/Lead/Caller_Key__c/${encodeURIComponent(key)}`, body: JSON.stringify({ LastName: 'Esc', Company: 'X' }), headers: { 'content-type': 'application/json' } });
    assert.equal((await leads().retrieve(made.id)).Caller_Key__c, key);
  });

  test('several at once, all or none', async () => {
    const out = await conn.sobject('Lead').create([fresh('n1'), { Company: 'no name' }, fresh('n2')], { allOrNone: true });
    assert.deepEqual(out.map((r) => r.success), [false, false, false]);
    assert.deepEqual(out.map((r) => r.errors[0].statusCode ?? r.errors[0].errorCode), ['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'REQUIRED_FIELD_MISSING', 'ALL_OR_NONE_OPERATION_ROLLED_BACK']);
    assert.equal((await leads().count({ Caller_Key__c: { $in: ['judge-n1', 'judge-n2'] } })), 0);
  });

  test('several at once, what can be saved', async () => {
    const out = await conn.sobject('Lead').create([fresh('p1'), { Company: 'no name' }, fresh('p2')]);
    assert.deepEqual(out.map((r) => r.success), [true, false, true]);
    assert.deepEqual(out[1].errors[0].fields, ['LastName']);
    assert.match(out[1].errors[0].message, /^Required fields are missing: \[LastName\]$/);
    const changed = await leads().update([{ Id: out[0].id, Company: 'New' }, { Id: '00Q000000000001AAA', Company: 'x' }]);
    assert.deepEqual(changed.map((r) => r.success), [true, false]);
    const both = await leads().upsert([{ ...fresh('p1'), Company: 'Newer' }, fresh('p3')], 'Caller_Key__c');
    assert.deepEqual(both.map((r) => [r.success, r.created]), [[true, false], [true, true]]);
    const got = await leads().retrieve([out[0].id, out[2].id]);
    assert.deepEqual(got.map((r) => r.Company), ['Newer', 'Judges']);
    const gone = await leads().destroy([out[0].id, out[2].id, both[1].id]);
    assert.ok(gone.every((r) => r.success));
  });

  test('more than 200 at once, cut by jsforce', async () => {
    const out = await conn.sobject('Lead').create(Array.from({ length: 250 }, (_, i) => fresh(`many${i}`)), { allowRecursive: true });
    assert.equal(out.filter((r) => r.success).length, 250);
  });

  test('201 in one call are refused', async () => {
    const records = Array.from({ length: 201 }, (_, i) => ({ attributes: { type: 'Lead' }, ...fresh(`over${i}`) }));
    await refused(conn.requestPost('/composite/sobjects', { allOrNone: false, records }), 'EXCEEDED_ID_LIMIT', undefined, /200/);
  });

  test('references by external id', async () => {
    const lead = await leads().create(fresh('who'));
    const account = await conn.sobject('Account').create({ Name: 'Judges Ltd' });
    const contact = await conn.sobject('Contact').create({ LastName: 'Judge', Caller_Key__c: 'judge-contact', AccountId: account.id });
    const kase = await conn.sobject('Case').create({ Subject: 'It hums', Contact: { Caller_Key__c: 'judge-contact' }, Call_Id__c: 'CAjudge', Origin: 'Phone' });
    const got = await conn.sobject('Case').retrieve(kase.id);
    assert.equal(got.ContactId, contact.id);
    assert.equal(got.AccountId, account.id);
    assert.match(got.CaseNumber, /^\d{8}$/);
    const task = await conn.sobject('Task').create({ Subject: 'Call', WhoId: contact.id, WhatId: kase.id, Status: 'Completed', Priority: 'Normal', TaskSubtype: 'Call', CallType: 'Inbound', Call_Id__c: 'CAjudge:log', CallDurationInSeconds: 61, Disposition__c: 'QualifiedLead', Disposition_Source__c: 'AI' });
    const done = await conn.sobject('Task').retrieve(task.id);
    assert.equal(done.IsClosed, true);
    await refused(conn.sobject('Task').create({ Subject: 'x', WhoId: lead.id, WhatId: kase.id }), 'FIELD_INTEGRITY_EXCEPTION');
  });
});

describe('errors', () => {
  const lead = { LastName: 'Judge', Company: 'Judges' };
  let c;
  before(async () => { c = watch(await adminOf(acme)); });

  test('INVALID_FIELD', async () => {
    await refused(c.sobject('Lead').create({ ...lead, Nothing__c: 1 }), 'INVALID_FIELD', 400, /^No such column 'Nothing__c' on sobject of type Lead$/);
    await refused(c.query('SELECT Id, Nothing__c FROM Lead'), 'INVALID_FIELD', 400, /No such column 'Nothing__c' on entity 'Lead'/);
  });
  test('MALFORMED_QUERY', async () => {
    await refused(c.query('SELECT FROM Lead'), 'MALFORMED_QUERY', 400);
    await refused(c.query('SELECT Id FROM Lead WHERE'), 'MALFORMED_QUERY', 400);
    await refused(c.query("SELECT Id FROM Lead WHERE LastName = 'x"), 'MALFORMED_QUERY', 400);
    await refused(c.query('SELECT * FROM Lead'), 'MALFORMED_QUERY', 400);
  });
  test('INVALID_TYPE', async () => {
    await refused(c.query('SELECT Id FROM Nothing__c'), 'INVALID_TYPE', 400, /sObject type 'Nothing__c' is not supported/);
  });
  test('DUPLICATE_VALUE names the record that is there', async () => {
    const first = await c.sobject('Lead').create({ ...lead, Caller_Key__c: 'judge-twice' });
    const e = await refused(c.sobject('Lead').create({ ...lead, Caller_Key__c: 'JUDGE-twice' }), 'DUPLICATE_VALUE', 400, /^duplicate value found: Caller_Key__c duplicates value on record with id: 00Q\w{12}/);
    assert.ok(e.message.includes(first.id.slice(0, 15)));
  });
  test('REQUIRED_FIELD_MISSING', async () => {
    const e = await refused(c.sobject('Lead').create({ FirstName: 'x' }), 'REQUIRED_FIELD_MISSING', 400, /^Required fields are missing: \[LastName, Company\]$/);
    assert.deepEqual(e.data?.[0]?.fields ?? e.data?.fields ?? ['LastName', 'Company'], ['LastName', 'Company']);
  });
  test('STRING_TOO_LONG', async () => {
    await refused(c.sobject('Lead').create({ ...lead, FirstName: 'x'.repeat(41) }), 'STRING_TOO_LONG', 400, /^First Name: data value too large: x{41} \(max length=40\)$/);
  });
  test('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', async () => {
    await refused(c.sobject('Lead').create({ ...lead, Intent__c: 'BuyIt' }), 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', 400, /^Intent: bad value for restricted picklist field: BuyIt$/);
  });
  test('JSON_PARSER_ERROR', async () => {
    await refused(c.sobject('Lead').create({ ...lead, Intent_Confidence__c: 'a lot' }), 'JSON_PARSER_ERROR', 400, /^Cannot deserialize instance of double from VALUE_STRING value a lot/);
    await refused(c.sobject('Lead').create({ ...lead, StartTime__c: 'yesterday' }), 'JSON_PARSER_ERROR', 400, /^Cannot deserialize instance of datetime from VALUE_STRING value yesterday/);
    await refused(c.request({ method: 'POST', url: '/sobjects/Lead', body: '{"LastName": ', headers: { 'content-type': 'application/json' } }), 'JSON_PARSER_ERROR', 400);
  });
  test('INVALID_EMAIL_ADDRESS', async () => {
    await refused(c.sobject('Lead').create({ ...lead, Email: 'not one' }), 'INVALID_EMAIL_ADDRESS', 400, /^Email: invalid email address: not one$/);
  });
  test('NOT_FOUND', async () => {
    await refused(c.sobject('Lead').retrieve('00Q000000000001AAA'), 'NOT_FOUND', 404);
    await refused(c.request('/sobjects/Lead/Caller_Key__c/nobody'), 'NOT_FOUND', 404);
    await refused(c.request('/nothing'), 'NOT_FOUND', 404);
    await refused(c.request('/services/data/v99.0/limits'), 'NOT_FOUND', 404);
  });
  test('changing or deleting what is gone', async () => {
    const made = await c.sobject('Lead').create(lead);
    await c.sobject('Lead').destroy(made.id);
    await refused(c.sobject('Lead').update({ Id: made.id, Company: 'x' }), 'ENTITY_IS_DELETED', 404, /^entity is deleted$/);
    await refused(c.sobject('Lead').destroy(made.id), 'ENTITY_IS_DELETED', 404);
  });
  test('METHOD_NOT_ALLOWED', async () => {
    await refused(c.request({ method: 'PUT', url: '/sobjects/Lead', body: '{}', headers: { 'content-type': 'application/json' } }), 'METHOD_NOT_ALLOWED', 405);
  });
  test('UNSUPPORTED_MEDIA_TYPE', async () => {
    await refused(c.request({ method: 'POST', url: '/sobjects/Lead', body: 'LastName,Company', headers: { 'content-type': 'text/csv' } }), 'UNSUPPORTED_MEDIA_TYPE', 415);
  });
  test('a read-only field', async () => {
    await refused(c.sobject('Lead').create({ ...lead, IsConverted: true }), 'INVALID_FIELD_FOR_INSERT_UPDATE', 400, /Unable to create\/update fields: IsConverted\. Please check the security settings of this field and verify that it is read\/write for your profile or permission set\.$/);
  });
  test('an id of another object, and one that is none', async () => {
    await refused(c.sobject('Task').create({ Subject: 'x', WhoId: '500000000000001AAA' }), 'FIELD_INTEGRITY_EXCEPTION', 400);
    await refused(c.sobject('Task').create({ Subject: 'x', WhoId: 'nobody' }), 'MALFORMED_ID', 400, /^Name ID: id value of incorrect type: nobody$/);
  });
});

describe('queries', () => {
  const total = 2345;
  before(async () => {
    const records = Array.from({ length: total }, (_, i) => ({ LastName: `Page ${String(i).padStart(5, '0')}`, Department: 'Paging', Caller_Key__c: `page-${i}` }));
    const out = await conn.sobject('Contact').create(records, { allowRecursive: true });
    assert.equal(out.filter((r) => r.success).length, total);
  });

  test('the first page, and the next by its URL', async () => {
    const first = await conn.query("SELECT Id FROM Contact WHERE Department = 'Paging'", { autoFetch: false });
    assert.equal(first.totalSize, total);
    assert.equal(first.done, false);
    assert.equal(first.records.length, 2000);
    assert.match(first.nextRecordsUrl, /\/services\/data\/v67\.0\/query\/\w{18}-2000$/);
    const second = await conn.queryMore(first.nextRecordsUrl);
    assert.equal(second.done, true);
    assert.equal(second.records.length, total - 2000);
    assert.equal(second.nextRecordsUrl, undefined);
  });

  test('all pages, fetched by jsforce', async () => {
    const all = await conn.query("SELECT LastName FROM Contact WHERE Department = 'Paging' ORDER BY LastName", { autoFetch: true, maxFetch: 10_000 });
    assert.deepEqual([all.length ?? all.records.length, (all.records ?? all)[2344].LastName], [total, 'Page 02344']);
  });

  test('pages as small as asked for', async () => {
    const first = await conn.request({ method: 'GET', url: `/query?q=${encodeURIComponent("SELECT Id FROM Contact WHERE Department = 'Paging'")}`, headers: { 'Sforce-Query-Options': 'batchSize=500' } });
    assert.equal(first.records.length, 500);
    assert.equal(first.totalSize, total);
  });

  test('a locator that is none', async () => {
    await refused(conn.queryMore('/services/data/v67.0/query/01g000000000001AAA-2000'), 'INVALID_QUERY_LOCATOR', undefined, /^invalid query locator$/);
  });

  test('limit, offset, order and conditions', async () => {
    const names = async (rest) => (await conn.query(`SELECT LastName FROM Contact WHERE Department = 'Paging' ${rest}`)).records.map((r) => r.LastName);
    assert.deepEqual(await names('ORDER BY LastName DESC LIMIT 2'), ['Page 02344', 'Page 02343']);
    assert.deepEqual(await names('ORDER BY LastName LIMIT 2 OFFSET 3'), ['Page 00003', 'Page 00004']);
    assert.deepEqual(await names("AND LastName LIKE 'page 0001_' ORDER BY LastName LIMIT 1"), ['Page 00010']);
    assert.deepEqual(await names("AND (LastName = 'Page 00007' OR LastName IN ('Page 00009')) ORDER BY LastName ASC NULLS LAST"), ['Page 00007', 'Page 00009']);
    assert.deepEqual(await names("AND NOT LastName > 'Page 00001' ORDER BY LastName"), ['Page 00000', 'Page 00001']);
    assert.equal((await conn.query("SELECT COUNT() FROM Contact WHERE Department = 'Paging'")).totalSize, total);
    const grouped = await conn.query("SELECT Department, COUNT(Id) n FROM Contact WHERE Department = 'Paging' GROUP BY Department");
    assert.deepEqual([grouped.records[0].Department, grouped.records[0].n], ['Paging', total]);
    assert.equal(grouped.records[0].attributes.type, 'AggregateResult');
  });

  test("jsforce's own query builder", async () => {
    const found = await conn.sobject('Contact').find({ Department: 'Paging', LastName: { $like: 'Page 0000%' } }, 'Id, LastName').sort('-LastName').limit(3).execute();
    assert.deepEqual(found.map((r) => r.LastName), ['Page 00009', 'Page 00008', 'Page 00007']);
    const today = await conn.sobject('Contact').find({ Department: 'Paging', CreatedDate: { $gte: new jsforce.SfDate('2026-01-01T00:00:00Z') } }, { Id: 1 }).limit(1);
    assert.equal(today.length, 1);
    assert.equal(await conn.sobject('Contact').count({ Department: 'Paging' }), total);
  });

  test('relationships up and down', async () => {
    const account = await conn.sobject('Account').create({ Name: 'Relations' });
    const contact = await conn.sobject('Contact').create({ LastName: 'Rel', AccountId: account.id });
    const kase = await conn.sobject('Case').create({ Subject: 'Rel', ContactId: contact.id });
    await conn.sobject('Task').create([{ Subject: 'one', WhatId: kase.id, WhoId: contact.id }, { Subject: 'two', WhatId: kase.id, WhoId: contact.id }]);
    const up = await conn.query(`SELECT Id, Contact.LastName, Contact.Account.Name, Owner.Name FROM Case WHERE Contact.Account.Name = 'Relations'`);
    assert.equal(up.records[0].Contact.Account.Name, 'Relations');
    assert.equal(up.records[0].Contact.attributes.type, 'Contact');
    assert.equal(up.records[0].Owner.attributes.type, 'Name'); // a user's or a queue's
    assert.match(up.records[0].Owner.attributes.url, /\/sobjects\/User\/005/);
    const down = await conn.query(`SELECT Id, (SELECT Subject FROM Tasks ORDER BY Subject) FROM Case WHERE Id = '${kase.id}'`);
    assert.deepEqual(down.records[0].Tasks.records.map((t) => t.Subject), ['one', 'two']);
    assert.equal(down.records[0].Tasks.totalSize, 2);
    const who = await conn.query(`SELECT Who.Type, Who.Name, What.Type FROM Task WHERE WhatId = '${kase.id}' LIMIT 1`);
    assert.deepEqual([who.records[0].Who.Type, who.records[0].Who.Name, who.records[0].What.Type], ['Contact', 'Rel', 'Case']);
  });

  test('deleted records are in queryAll only', async () => {
    const made = await conn.sobject('Lead').create({ LastName: 'Bin', Company: 'Bin' });
    await conn.sobject('Lead').destroy(made.id);
    const soql = `SELECT Id, IsDeleted FROM Lead WHERE Id = '${made.id}'`;
    assert.equal((await conn.query(soql)).totalSize, 0);
    const all = await conn.query(soql, { scanAll: true });
    assert.equal(all.records[0].IsDeleted, true);
  });

  test('search', async () => {
    await conn.sobject('Lead').create({ LastName: 'Searched', Company: 'S', Phone: '(415) 555-0177' });
    const found = await conn.search('FIND {4155550177} IN PHONE FIELDS RETURNING Contact(Id, Phone), Lead(Id, Phone, LastName)');
    assert.equal(found.searchRecords.length, 1);
    assert.equal(found.searchRecords[0].LastName, 'Searched');
    assert.equal(found.searchRecords[0].attributes.type, 'Lead');
    await refused(conn.search('FIND 415 IN'), 'MALFORMED_SEARCH');
    await refused(conn.search('FIND {x} IN ALL FIELDS RETURNING Lead(Id)'), 'MALFORMED_SEARCH', undefined, /search term must be longer than one character/);
  });

  test('recent records', async () => {
    assert.deepEqual(await conn.recent(), []);
  });
});

describe('composite', () => {
  const url = (path) => `/services/data/v67.0${path}`;

  test('requests that refer to one another', async () => {
    const out = await conn.requestPost('/composite', {
      allOrNone: true,
      compositeRequest: [
        { method: 'POST', url: url('/sobjects/Lead'), referenceId: 'lead', body: { LastName: 'Comp', Company: 'C', Caller_Key__c: 'comp' } },
        { method: 'GET', url: url('/sobjects/Lead/@{lead.id}?fields=LastName,OwnerId'), referenceId: 'read' },
        { method: 'POST', url: url('/sobjects/Task'), referenceId: 'task', body: { Subject: '@{read.LastName}', WhoId: '@{lead.id}', OwnerId: '@{read.OwnerId}' } },
        { method: 'GET', url: url("/query?q=SELECT+Subject+FROM+Task+WHERE+Id='@{task.id}'"), referenceId: 'found' },
      ],
    });
    assert.deepEqual(out.compositeResponse.map((r) => r.httpStatusCode), [201, 200, 201, 200]);
    assert.equal(out.compositeResponse[3].body.records[0].Subject, 'Comp');
    assert.match(out.compositeResponse[0].httpHeaders.Location, /^\/services\/data\/v67\.0\/sobjects\/Lead\/00Q/);
  });

  test('one failure undoes all, and the others say PROCESSING_HALTED', async () => {
    const out = await conn.requestPost('/composite', {
      allOrNone: true,
      compositeRequest: [
        { method: 'POST', url: url('/sobjects/Lead'), referenceId: 'a', body: { LastName: 'Undone', Company: 'C' } },
        { method: 'POST', url: url('/sobjects/Lead'), referenceId: 'b', body: { Company: 'C' } },
      ],
    });
    assert.deepEqual(out.compositeResponse.map((r) => [r.httpStatusCode, r.body[0].errorCode]), [[400, 'PROCESSING_HALTED'], [400, 'REQUIRED_FIELD_MISSING']]);
    assert.equal(out.compositeResponse[0].body[0].message, 'The transaction was rolled back since another operation in the same transaction failed.');
    assert.equal((await conn.query("SELECT Id FROM Lead WHERE LastName = 'Undone'")).totalSize, 0);
  });

  test('what depends on a failure is not tried', async () => {
    const out = await conn.requestPost('/composite', {
      compositeRequest: [
        { method: 'POST', url: url('/sobjects/Lead'), referenceId: 'a', body: { Company: 'C' } },
        { method: 'POST', url: url('/sobjects/Task'), referenceId: 'b', body: { Subject: 'x', WhoId: '@{a.id}' } },
        { method: 'POST', url: url('/sobjects/Lead'), referenceId: 'c', body: { LastName: 'Goes on', Company: 'C' } },
      ],
    });
    assert.deepEqual(out.compositeResponse.map((r) => r.httpStatusCode), [400, 400, 201]);
    assert.equal(out.compositeResponse[1].body[0].errorCode, 'PROCESSING_HALTED');
    assert.match(out.compositeResponse[1].body[0].message, /^Invalid reference specified\. No value for a\.id found in a/);
  });

  test('more than 25 are refused', async () => {
    const compositeRequest = Array.from({ length: 26 }, (_, i) => ({ method: 'GET', url: url('/limits'), referenceId: `r${i}` }));
    const out = await conn.requestPost('/composite', { compositeRequest });
    assert.deepEqual(out.compositeResponse.map((r) => [r.httpStatusCode, r.body[0].errorCode]), [[400, 'LIMIT_EXCEEDED']]);
  });

  test('graphs are atomic, each by itself', async () => {
    const graph = (graphId, company) => ({
      graphId,
      compositeRequest: [
        { method: 'PATCH', url: url(`/sobjects/Lead/Caller_Key__c/${graphId}`), referenceId: 'lead', body: { LastName: 'Graph', Company: company } },
        { method: 'POST', url: url('/sobjects/Task'), referenceId: 'task', body: { Subject: graphId, WhoId: '@{lead.id}' } },
      ],
    });
    const out = await conn.requestPost('/composite/graph', { graphs: [graph('g1', 'C'), graph('g2', undefined), graph('g3', 'C')] });
    assert.deepEqual(out.graphs.map((g) => [g.graphId, g.isSuccessful]), [['g1', true], ['g2', false], ['g3', true]]);
    assert.equal(out.graphs[1].graphResponse.compositeResponse[0].body[0].errorCode, 'REQUIRED_FIELD_MISSING');
    assert.equal((await conn.query("SELECT Id FROM Task WHERE Subject IN ('g1', 'g2', 'g3')")).totalSize, 2);
  });

  test('a batch of requests that know nothing of one another', async () => {
    const out = await conn.requestPost('/composite/batch', { batchRequests: [
      { method: 'GET', url: 'v67.0/limits' },
      { method: 'POST', url: 'v67.0/sobjects/Lead', richInput: { Company: 'C' } },
    ] });
    assert.equal(out.hasErrors, true);
    assert.deepEqual(out.results.map((r) => r.statusCode), [200, 400]);
  });
});

describe('limits', () => {
  test('what is left, and the header that every answer carries', async () => {
    const limits = await conn.limits();
    assert.ok(limits.DailyApiRequests.Max >= limits.DailyApiRequests.Remaining);
    assert.ok(limits.HourlyPublishedPlatformEvents.Max > 0);
    const before = conn.limitInfo.apiUsage;
    assert.equal(before.limit, limits.DailyApiRequests.Max);
    await conn.query('SELECT Id FROM Lead LIMIT 1');
    assert.equal(conn.limitInfo.apiUsage.used, before.used + 1);
  });

  test('an allowance that is spent is REQUEST_LIMIT_EXCEEDED', async () => {
    const allowance = (used) => fetch(`${acme.loginUrl}/sandbox/allowance?org=globex`, { method: 'PUT', body: JSON.stringify({ daily: 1000, used }) });
    const c = watch(await adminOf(org(product, 'globex')));
    assert.ok((await allowance(1000)).ok);
    await refused(c.query('SELECT Id FROM Lead'), 'REQUEST_LIMIT_EXCEEDED', 403, /^TotalRequests Limit exceeded\.$/);
    assert.ok((await allowance(0)).ok);
    await c.query('SELECT Id FROM Lead');
  });
});

describe('files', () => {
  const bytes = Buffer.from(Array.from({ length: 3000 }, (_, i) => i % 256));

  test('as base64 in JSON, and back', async () => {
    const lead = await conn.sobject('Lead').create({ LastName: 'Filed', Company: 'C' });
    const made = await conn.sobject('ContentVersion').create({ Title: 'transcript', PathOnClient: 't.txt', VersionData: bytes.toString('base64'), FirstPublishLocationId: lead.id });
    const v = await conn.sobject('ContentVersion').retrieve(made.id);
    assert.equal(v.ContentSize, bytes.length);
    assert.equal(v.FileExtension, 'txt');
    assert.match(v.ContentDocumentId, /^069/);
    assert.equal(v.IsLatest, true);
    assert.equal(v.VersionData, `/services/data/v67.0/sobjects/ContentVersion/${made.id}/VersionData`);
    const links = await conn.query(`SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '${lead.id}'`);
    assert.equal(links.records[0].ContentDocumentId, v.ContentDocumentId);
    const chunks = [];
    for await (const chunk of conn.sobject('ContentVersion').record(made.id).blob('VersionData')) chunks.push(chunk);
    assert.deepEqual(Buffer.concat(chunks), bytes);
  });

  const multipart = (parts) => {
    const boundary = 'a-boundary';
    const body = Buffer.concat([...parts.flatMap(([head, content]) => [Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')]), Buffer.from(`--${boundary}--\r\n`)]);
    return fetch(`${conn.instanceUrl}/services/data/v67.0/sobjects/ContentVersion`, {
      method: 'POST', body, headers: { authorization: `Bearer ${conn.accessToken}`, 'content-type': `multipart/form-data; boundary="${boundary}"` },
    });
  };
  const entity = ['Content-Disposition: form-data; name="entity_content";\r\nContent-Type: application/json', JSON.stringify({ Title: 'audio', PathOnClient: 'a.wav' })];
  const data = ['Content-Disposition: form-data; name="VersionData"; filename="a.wav"\r\nContent-Type: application/octet-stream', bytes];

  test('as multipart', async () => {
    const res = await multipart([entity, data]);
    assert.equal(res.status, 201);
    const v = await conn.sobject('ContentVersion').retrieve((await res.json()).id);
    assert.equal(v.ContentSize, bytes.length);
    assert.equal(v.FileType, 'WAV');
  });

  test('a form as Node builds it', async () => {
    const form = new FormData();
    form.append('entity_content', new Blob([JSON.stringify({ Title: 'f', PathOnClient: 'f.bin' })], { type: 'application/json' }));
    form.append('VersionData', new Blob([bytes]), 'f.bin');
    const res = await fetch(`${conn.instanceUrl}/services/data/v67.0/sobjects/ContentVersion`, { method: 'POST', body: form, headers: { authorization: `Bearer ${conn.accessToken}` } });
    assert.equal(res.status, 201, await res.clone().text());
  });

  test('a form without its first part is refused', async () => {
    const res = await multipart([data]);
    assert.equal(res.status, 400);
    assert.equal((await res.json())[0].errorCode, 'INVALID_MULTIPART_REQUEST');
  });

  test('no name, no file', async () => {
    await refused(conn.sobject('ContentVersion').create({ Title: 't', VersionData: 'AAAA' }), 'REQUIRED_FIELD_MISSING', undefined, /PathOnClient/);
  });
});

describe('platform events by REST', () => {
  test('are published, found in the log, and applied by the package', async () => {
    const call = 'CA00000000000000000000000000judge1';
    const out = await conn.sobject('Call_Completed__e').create({ Call_Id__c: call, Tenant__c: 'acme', Summary__c: 'Wants to know.' });
    assert.equal(out.success, true);
    assert.match(out.id, /^e01\w{15}$/);
    assert.equal(out.errors[0].statusCode, 'OPERATION_ENQUEUED');
    assert.match(out.errors[0].message, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    const { events } = await (await fetch(`${acme.loginUrl}/sandbox/events/Call_Completed__e?org=acme`)).json();
    assert.equal(events.find((e) => e.fields.Call_Id__c === call).fields.Summary__c, 'Wants to know.');
  });

  test('several in one call', async () => {
    const out = await conn.sobject('Call_Completed__e').create([{ Call_Id__c: 'CAe1' }, { Call_Id__c: 'CAe2' }]);
    assert.deepEqual(out.map((r) => [r.success, r.errors[0].statusCode]), [[true, 'OPERATION_ENQUEUED'], [true, 'OPERATION_ENQUEUED']]);
  });

  test('are no records', async () => {
    await refused(conn.query('SELECT Id FROM Call_Completed__e'), 'INVALID_TYPE', undefined, /sObject type 'Call_Completed__e' is not supported/);
    await refused(conn.sobject('Call_Completed__e').retrieve('e01000000000001AAA'), 'NOT_FOUND');
    await refused(conn.sobject('Call_Completed__e').create({ Call_Id__c: 'x', Nothing__c: 1 }), 'INVALID_FIELD');
  });
});

describe('the log of changes', () => {
  test('tells who changed what by which request', async () => {
    const made = await conn.sobject('Lead').create({ LastName: 'Logged', Company: 'C' }, { headers: { 'X-Request-Id': 'judge-request' } });
    await conn.sobject('Lead').update({ Id: made.id, Company: 'D' });
    const page = await (await fetch(`${acme.loginUrl}/sandbox/changes?id=${made.id}`)).json();
    assert.deepEqual(page.changes.map((c) => [c.op, c.object]), [['create', 'Lead'], ['update', 'Lead']]);
    assert.equal(page.changes[0].request, 'judge-request');
    assert.equal(page.changes[1].after.Company, 'D');
  });
});

describe('an org with narrow limits, and an app with a secret', () => {
  let narrow, oauth2, c;
  before(async () => {
    narrow = await startNarrow('salesforce');
    oauth2 = { loginUrl: narrow.ready.salesforce, clientId: 'client', clientSecret: 'secret' };
  });
  after(() => narrow?.stop());

  test('client credentials', async () => {
    c = new jsforce.Connection({ loginUrl: narrow.ready.salesforce, instanceUrl: narrow.ready.salesforce, oauth2, version: '67.0' });
    await c.authorize({ grant_type: 'client_credentials' });
    assert.equal((await c.identity()).username, 'frontdesk@narrow.example'); // whom the app runs as
    assert.equal((await refusal(new jsforce.OAuth2({ ...oauth2, clientSecret: 'guessed' }).requestToken({ grant_type: 'client_credentials' }))).name, 'invalid_client');
  });

  test('user name and password by OAuth', async () => {
    const p = new jsforce.Connection({ loginUrl: narrow.ready.salesforce, oauth2, version: '67.0' });
    await p.login('rep@narrow.example', 'password');
    assert.equal((await p.identity()).username, 'rep@narrow.example');
    assert.equal((await refusal(p.login('rep@narrow.example', 'wrong'))).name, 'invalid_grant');
  });

  test('a refresh token that nobody gave out', async () => {
    const e = await refusal(new jsforce.OAuth2(oauth2).refreshToken('5Aep861'));
    assert.equal(e.name, 'invalid_grant');
    assert.equal(e.message, 'expired access/refresh token');
  });

  test('the fifth event of an hour that allows four', async () => {
    for (let i = 0; i < 4; i++) await c.sobject('Call_Completed__e').create({ Call_Id__c: `CA${i}` });
    await refused(c.sobject('Call_Completed__e').create({ Call_Id__c: 'CA4' }), 'LIMIT_EXCEEDED');
    assert.equal((await c.limits()).HourlyPublishedPlatformEvents.Remaining, 0);
  });

  test('a rep sees and changes what the permission set allows', async () => {
    const rep = new jsforce.Connection({ loginUrl: narrow.ready.salesforce, version: '67.0' });
    await rep.login('rep@narrow.example', 'password');
    const lead = await c.sobject('Lead').create({ LastName: 'Seen', Company: 'C', Consent_Record__c: true });
    const fields = new Map((await rep.describe('Lead')).fields.map((f) => [f.name, f]));
    assert.equal(fields.get('Consent_Record__c').updateable, false);
    assert.equal(fields.get('Company').updateable, true);
    assert.equal(fields.has('Frontdesk_State__c'), false);
    assert.equal((await rep.sobject('Lead').update({ Id: lead.id, Company: 'D' })).success, true);
    await refused(rep.sobject('Lead').update({ Id: lead.id, Consent_Record__c: false }), 'INVALID_FIELD_FOR_INSERT_UPDATE', undefined, /Consent_Record__c/);
    await refused(rep.query('SELECT Frontdesk_State__c FROM Lead'), 'INVALID_FIELD', undefined, /No such column 'Frontdesk_State__c' on entity 'Lead'/);
  });
});

describe('Bulk API 2.0, which the stand-in has not', () => {
  test('is refused as an unknown resource, and advertised nowhere', async () => {
    const c = watch(await adminOf(acme));
    await refused(c.bulk2.createJob({ object: 'Lead', operation: 'insert' }).open(), 'NOT_FOUND', 404);
    await refused(c.bulk2.query('SELECT Id FROM Lead'), 'NOT_FOUND', 404);
    assert.equal((await c.request('/services/data/v67.0/')).jobs, undefined);
  });
});

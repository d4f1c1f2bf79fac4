import { readFileSync } from 'node:fs';
import jsforce from 'jsforce';
import jwt from 'jsonwebtoken';

/** The org of a sample tenant. */
export function org(product, tenant) {
  const of = (name) => product.endpoints.credential('Salesforce', tenant, name);
  return {
    loginUrl: product.endpoints.address('Salesforce', tenant),
    admin: of('user'),
    password: of('password'),
    integration: of('integration user'),
    clientId: of('client id'),
    key: readFileSync(of('its key'), 'utf8'),
  };
}

/** A connection of the org's admin, by user name and password. */
export async function adminOf(o, options = {}) {
  const conn = new jsforce.Connection({ loginUrl: o.loginUrl, version: '67.0', ...options });
  await conn.login(o.admin, o.password);
  return conn;
}

/** A signed assertion of the JWT bearer flow. */
export function assertion(o, claims = {}, key = o.key, algorithm = 'RS256') {
  return jwt.sign({
    iss: o.clientId, sub: o.integration, aud: 'https://login.salesforce.com', exp: Math.floor(Date.now() / 1000) + 180, ...claims,
  }, key, { algorithm, noTimestamp: true });
}

/** What a promise is refused with; fails if it isn't. */
export async function refusal(promise) {
  let kept;
  try {
    kept = await promise;
  } catch (e) {
    return e;
  }
  throw new Error(`was taken, and should have been refused: ${JSON.stringify(kept)?.slice(0, 300)}`);
}

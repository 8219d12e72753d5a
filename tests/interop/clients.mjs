// SPDX-License-Identifier: Apache-2.0
// Unmodified OAuth clients against a jetond: one JSON object on standard input says what to do, one on standard output
// what came of it. usage: node clients.mjs FOLDER-WITH-NODE-MODULES
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(process.argv[2] + '/'));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const oidc = await load('openid-client');
const oauth = await load('oauth4webapi');
const { importJWK } = await load('jose');

const job = JSON.parse(await text(process.stdin));
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token';
const insecure = { [oauth.allowInsecureRequests]: true };
const key = { key: await importJWK(job.key, 'ES256'), kid: job.key.kid };
const exchange = (subject, more) => ({ subject_token: subject, subject_token_type: ACCESS, ...more });

// Every way to be authenticated, then every grant, by openid-client.
async function openidClient(out) {
  const ways = {
    basic: [job.web.id, oidc.ClientSecretBasic(job.web.secret)],
    post: [job.web.id, oidc.ClientSecretPost(job.web.secret)],
    private_key_jwt: [job.batch, oidc.PrivateKeyJwt(key)],
  };
  for (const [name, [id, auth]] of Object.entries(ways)) {
    for (const algorithm of ['oidc', 'oauth2']) {
      const config = await oidc.discovery(new URL(job.issuer), id, {}, auth, { algorithm, execute: [oidc.allowInsecureRequests] });
      const { access_token } = await oidc.clientCredentialsGrant(config, { scope: 'read', resource: job.resource });
      out[name] = access_token;
      const changed = await oidc.genericGrantRequest(config, EXCHANGE, exchange(access_token, { audience: 'api' }));
      out[`${name} exchange`] = changed.access_token;
      out[`${name} jwt-bearer`] = (await oidc.genericGrantRequest(config, BEARER, { assertion: job.assertions.pop(), audience: 'api' })).access_token;
      out[`${name} active`] = (await oidc.tokenIntrospection(config, changed.access_token)).active;
      await oidc.tokenRevocation(config, changed.access_token);
      out[`${name} revoked`] = !(await oidc.tokenIntrospection(config, changed.access_token)).active;
    }
  }
  const config = await oidc.discovery(new URL(job.issuer), job.web.id, {}, oidc.ClientSecretBasic('wrong'), { execute: [oidc.allowInsecureRequests] });
  out['wrong secret'] = await oidc.clientCredentialsGrant(config, { audience: 'api' }).catch((error) => error.cause?.[0]?.scheme ?? String(error));
}

// The same by oauth4webapi, which checks every answer by its standard, and access tokens by RFC 9068.
async function oauth4webapi(out) {
  const url = new URL(job.issuer);
  const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure }));
  const ways = {
    basic: [job.web.id, oauth.ClientSecretBasic(job.web.secret)],
    post: [job.web.id, oauth.ClientSecretPost(job.web.secret)],
    private_key_jwt: [job.batch, oauth.PrivateKeyJwt(key)],
  };
  const judge = async (token, audience) => {
    const request = new Request('http://127.0.0.1/', { headers: { authorization: `Bearer ${token}` } });
    return (await oauth.validateJwtAccessToken(as, request, audience, insecure)).sub;
  };
  for (const [name, [id, auth]] of Object.entries(ways)) {
    const client = { client_id: id };
    const credentials = await oauth.processClientCredentialsResponse(as, client,
      await oauth.clientCredentialsGrantRequest(as, client, auth, { scope: 'read', audience: 'api' }, insecure));
    out[name] = await judge(credentials.access_token, 'api');
    const grant = async (type, parameters) => oauth.processGenericTokenEndpointResponse(as, client,
      await oauth.genericTokenEndpointRequest(as, client, auth, type, parameters, insecure));
    const changed = await grant(EXCHANGE, exchange(credentials.access_token, { resource: job.resource, scope: 'read' }));
    out[`${name} exchange`] = await judge(changed.access_token, job.resource);
    out[`${name} issued`] = changed.issued_token_type;
    out[`${name} jwt-bearer`] = await judge((await grant(BEARER, { assertion: job.assertions.pop(), audience: 'api' })).access_token, 'api');
    out[`${name} other audience`] = await judge(changed.access_token, 'other').catch((error) => error.code);
    out[`${name} not narrowed`] = await grant(EXCHANGE, exchange(changed.access_token, { audience: 'api', scope: 'write' })).catch((error) => error.error);
    out[`${name} id_token`] = await grant(EXCHANGE, { subject_token: changed.access_token, audience: 'api', subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }).catch((error) => error.error);
  }
}

const answer = { openidClient: {}, oauth4webapi: {} };
await openidClient(answer.openidClient);
await oauth4webapi(answer.oauth4webapi);
process.stdout.write(JSON.stringify(answer));

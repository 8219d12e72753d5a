// SPDX-License-Identifier: Apache-2.0
// npm's oidc-provider as an issuer on loopback: says its address on standard output, ends with its standard input.
// usage: node provider.mjs FOLDER-WITH-NODE-MODULES AUDIENCE…
import { generateKeyPair } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const [folder, ...audiences] = process.argv.slice(2);
const require = createRequire(pathToFileURL(folder + '/'));
console.log = console.info = console.warn = () => {};
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'provider-1', use: 'sig', alg: 'ES256' };
const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  jwks: { keys: [jwk] },
  clients: [{ client_id: 'machine', client_secret: 'the secret of machine', grant_types: ['client_credentials'],
    redirect_uris: [], response_types: [], id_token_signed_response_alg: 'ES256' }],
  scopes: ['read', 'write'],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({ scope: 'read write', accessTokenFormat: 'jwt', accessTokenTTL: 300,
        audience: audiences[Number(new URL(resource).pathname.slice(1))], jwt: { sign: { alg: 'ES256' } } }),
    },
  },
});
server.on('request', provider.callback());
process.stdout.write(issuer + '\n');
process.stdin.resume().on('end', () => process.exit(0));

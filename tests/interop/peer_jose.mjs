// SPDX-License-Identifier: Apache-2.0
// npm's jose as the other side: one JSON object per line in, one per line out.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// Modules are looked for where npm put them, which is not beside this file.
const jose = await import(pathToFileURL(createRequire(process.argv[2] + '/x.js').resolve('jose')).href);

async function keyOf(ask) {
    if (ask.secret !== undefined) return Buffer.from(ask.secret, 'base64url');
    if (ask.set !== undefined) return jose.createLocalJWKSet(ask.set);
    return await jose.importJWK(ask.jwk, ask.alg);
}

for await (const line of createInterface({ input: process.stdin })) {
    const ask = JSON.parse(line);
    let answer;
    try {
        const key = await keyOf(ask);
        if (ask.op === 'sign') {
            answer = { token: await new jose.SignJWT(ask.claims).setProtectedHeader(ask.header).sign(key) };
        } else {
            const { payload } = await jose.jwtVerify(ask.token, key, { audience: ask.audience, algorithms: [ask.alg] });
            answer = { claims: payload };
        }
    } catch (error) {
        answer = { error: error.code ?? String(error) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
}

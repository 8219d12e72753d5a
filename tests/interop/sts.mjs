// SPDX-License-Identifier: Apache-2.0
// The unmodified @aws-sdk/client-sts against a jetond: one JSON object on standard input says what to do, one on standard
// output what came of it. usage: node sts.mjs FOLDER-WITH-NODE-MODULES
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(process.argv[2] + '/'));
const { STSClient, AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');

const job = JSON.parse(await text(process.stdin));
const client = (credentials) => new STSClient({ endpoint: job.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
const assume = (token) =>
  client({ accessKeyId: 'none', secretAccessKey: 'none' }).send(
    new AssumeRoleWithWebIdentityCommand({ RoleArn: job.role, RoleSessionName: 'from-javascript', WebIdentityToken: token, DurationSeconds: 900 }),
  );

const out = {};
const given = await assume(job.token);
out.subject = given.SubjectFromWebIdentityToken;
out.expiresIn = (given.Credentials.Expiration.getTime() - Date.now()) / 1000;
const credentials = {
  accessKeyId: given.Credentials.AccessKeyId,
  secretAccessKey: given.Credentials.SecretAccessKey,
  sessionToken: given.Credentials.SessionToken,
};
out.arn = (await client(credentials).send(new GetCallerIdentityCommand({}))).Arn;
const fails = (promise) => promise.then(() => 'no error', (error) => error.name);
out.expired = await fails(assume(job.expired));
out.forged = await fails(client({ ...credentials, secretAccessKey: 'forged' }).send(new GetCallerIdentityCommand({})));
process.stdout.write(JSON.stringify(out));

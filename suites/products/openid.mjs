// A certified OpenID provider on plain HTTP whose people sign in at its own pages, for a browser to visit.
// openid.mjs PORT GATEWAY_ORIGIN
import Provider from 'oidc-provider';

const [port, gateway] = [Number(process.argv[2]), process.argv[3]];
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'orders', client_secret: 'tests-only', redirect_uris: [`${gateway}/oauth2/callback`],
    post_logout_redirect_uris: [`${gateway}/oauth2/sign_out`], backchannel_logout_uri: `${gateway}/oauth2/backchannel_logout`,
    backchannel_logout_session_required: true, grant_types: ['authorization_code', 'refresh_token'], id_token_signed_response_alg: 'RS256',
  }],
  features: { backchannelLogout: { enabled: true }, pushedAuthorizationRequests: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  claims: { openid: ['sub'], profile: ['preferred_username', 'name', 'groups'], email: ['email', 'email_verified'] },
  scopes: ['openid', 'offline_access'],
  ttl: { AccessToken: 2, IdToken: 60 },
  issueRefreshToken: async () => true,
  findAccount: async (_, id) => ({
    accountId: id,
    claims: async () => ({
      sub: id, preferred_username: id, name: `${id} Example`, email: `${id}@example.test`, email_verified: true, groups: ['eng'],
    }),
  }),
});
// It fetches and answers on loopback only.
provider.proxy = false;
provider.listen(port, '127.0.0.1');

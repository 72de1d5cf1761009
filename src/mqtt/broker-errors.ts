/** What went wrong with the broker, in words that say what to do. Secrets never appear: the address is host and port only. */

const NO_VERSION = 'takes neither MQTT 5 nor 3.1.1';

/** MQTT 3.1.1 CONNACK return codes (section 3.2.2.3) and MQTT 5 reason codes (section 2.4) that need more than their name. */
const refusals: Readonly<Record<number, string>> = {
  1: NO_VERSION,
  2: 'refused our client id',
  3: 'says that it is unavailable',
  4: 'refused the user name or password: check mqtt.username and TAUTLINE_MQTT_PASSWORD',
  5: 'does not authorise us: check mqtt.username, TAUTLINE_MQTT_PASSWORD and its access list',
  129: 'calls our packet malformed',
  130: 'sees a protocol error',
  132: NO_VERSION,
  133: 'refused our client id',
  134: 'refused the user name or password: check mqtt.username and TAUTLINE_MQTT_PASSWORD',
  135: 'does not authorise us: check mqtt.username, TAUTLINE_MQTT_PASSWORD and its access list',
  136: 'says that it is unavailable',
  137: 'says that it is busy',
  138: 'has banned us',
  139: 'is shutting down',
  141: 'did not hear from us in time',
  142: 'gave our session to another client with the same id',
  144: 'refused a topic name of ours: its access list or limits do not allow tautline/#',
  147: 'says that we sent more than its Receive Maximum',
  149: 'found a packet too large: raise its maximum packet size',
  150: 'found our message rate too high: lower mqtt.stateHz, or switch mqtt.frames off',
  151: 'says that a quota is used up',
  152: 'closed the connection by its administrator',
  154: 'does not allow retained messages, which the bridge needs',
  155: 'does not allow QoS 1, which the bridge needs',
  156: 'asks us to use another server: set mqtt.url',
  157: 'has moved: set mqtt.url',
  159: 'says that we connect too often',
};

const failures: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is the broker running?',
  ENOTFOUND: 'this host name does not exist: check mqtt.url',
  EAI_AGAIN: 'the name service does not answer: check the network or mqtt.url',
  ETIMEDOUT: 'no answer: check the network and firewalls',
  EHOSTUNREACH: 'there is no route to this host',
  ENETUNREACH: 'there is no route to this network',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed: name it in NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate authority is not known here: name it in NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate authority is not known here: name it in NODE_EXTRA_CA_CERTS',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate authority is not known here: name it in NODE_EXTRA_CA_CERTS',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name than the one in mqtt.url',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port: mqtt:// instead of mqtts://?',
};

/** The broker said no, with this code, in CONNACK, DISCONNECT or PUBACK. */
export function refusalText(address: string, code: number): string {
  return `the MQTT broker at ${address} ${refusals[code] ?? `refused with reason code 0x${code.toString(16)}`}`;
}

/** The connection could not be made, or broke. */
export function failureText(address: string, error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'number') return refusalText(address, code);
  const known = typeof code === 'string' ? failures[code] : undefined;
  if (known !== undefined) return `no connection to the MQTT broker at ${address}: ${known} (${code})`;
  if (message === 'connack timeout')
    return `the MQTT broker at ${address} accepted the connection but did not answer: is it an MQTT port?`;
  if (message === 'Keepalive timeout') return `the MQTT broker at ${address} fell silent`;
  const text = [typeof code === 'string' ? code : '', String(message ?? error)].filter(Boolean).join(': ');
  return `no connection to the MQTT broker at ${address}: ${text}`;
}

/** What an access list that is too strict costs. */
export function deafText(address: string, topics: readonly string[]): string {
  return `the MQTT broker at ${address} does not let us read ${topics.join(', ')}: what an earlier run or another bridge left there is not corrected, nor noticed; its access list needs read on them`;
}

/** CONNACK codes that say "speak another version". */
export function isVersionRefusal(code: number): boolean {
  return code === 1 || code === 132;
}

export const TAKEN_OVER = 142;

// What went wrong, in words: from an answer of the server, or from the lack of one.

/** `cause` is a Response that is not ok, or the error that fetch threw. */
export async function reason(cause, texts) {
  if (!(cause instanceof Response)) return texts.t('error_network');
  const status = texts.t('error_status', {status: cause.status});
  try {
    const report = new DOMParser().parseFromString(await cause.text(), 'text/xml');
    const exception = report.getElementsByTagNameNS('*', 'ExceptionText')[0];
    const words = exception?.textContent.trim();
    return words ? `${status} ${words}` : status;
  } catch {
    return status;
  }
}

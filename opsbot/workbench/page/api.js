// Talk to the workbench's own server: JSON posts, the state, and server-sent events.

export async function post(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", "x-workbench": "1" },
      body: JSON.stringify(body),
    });
  } catch {
    return { error: "gone", hint: "The workbench does not answer. Is `opsbot demo` still running?" };
  }
  try {
    return await answer.json();
  } catch {
    return { error: "failed", hint: `The workbench answered ${answer.status}; its terminal says why.` };
  }
}

export async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}

// Streams events to `heard`; `online` hears true or false. The browser reconnects by itself.
export function listen(path, heard, online) {
  const source = new EventSource(path);
  source.onopen = () => online(true);
  source.onerror = () => online(false);
  source.onmessage = (event) => heard(JSON.parse(event.data));
  return source;
}

export const press = (name, more = {}) => post("/demo/do", { do: name, ...more });

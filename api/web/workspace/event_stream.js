// Reads server-sent events from a response. The browser's EventSource cannot carry a token and hides the status.

// Yield `{type, data}` until the stream ends; `alive()` is called for every piece, heartbeats included. Our data is one line of JSON.
export async function* readEvents(response, alive) {
	const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		alive();
		const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
		rest = blocks.pop();
		for (const block of blocks) {
			const [type, data] = ["event", "data"].map((name) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1]);
			if (type || data) yield { type, data };
		}
	}
}

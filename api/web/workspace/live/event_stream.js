// Reads server-sent events from a response. The browser's EventSource sends no headers and hides the status.

/**
 * Yield events until the stream ends. Our data is always one line of JSON.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} onData Called for every chunk, heartbeats included.
 * @returns {AsyncGenerator<{ type: string | undefined, data: string | undefined }>}
 */
export async function* readEvents(body, onData) {
	const decoder = /** @type {ReadableWritablePair<string, Uint8Array>} */ (new TextDecoderStream());
	const reader = body.pipeThrough(decoder).getReader();
	let rest = "";
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		onData();
		const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
		rest = blocks.pop() ?? "";
		for (const block of blocks) {
			const [type, data] = ["event", "data"].map((name) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1]);
			if (type || data) yield { type, data };
		}
	}
}

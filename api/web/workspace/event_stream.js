// Reads server-sent events from a response. The browser's EventSource cannot carry a token and hides the status.

/** Yield `{type, id, data}` until the stream ends; `alive()` is called for every piece, heartbeats included. */
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
			const event = parse(block);
			if (event) yield event;
		}
	}
}

function parse(block) {
	const event = { type: "message", id: null, data: "" };
	const data = [];
	for (const line of block.split("\n")) {
		const [, name, value] = /^([^:]*)(?::\s?(.*))?$/.exec(line) ?? [];
		if (name === "event") event.type = value;
		else if (name === "id") event.id = value;
		else if (name === "data") data.push(value ?? "");
	}
	event.data = data.join("\n");
	return data.length || event.type !== "message" ? event : null;
}

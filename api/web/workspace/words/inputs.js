// What a model’s own inputs say.

export const INPUTS = Object.freeze({
	affectsPrice: "affects the price",
	setRaw: "set in the raw input",
	drawSeed: "Draw a seed",
	modelDefault: "model default",
	/** @type {(text: string) => string} */
	usual: (text) => `${text} (default)`,
	random: "random",
	/** @type {(text: string) => string} */
	slider: (text) => `${text}, slider`,
	sizesByRatio: "Sizes by ratio",
	notWhole: "Must be a whole number.",
	notJson: "This is not JSON.",
	lora: "LoRA",
	loraHint: "owner/name, or a URL",
	scale: "Scale",
	/** @type {(noun: string) => string} */
	add: (noun) => `Add a ${noun}`,
	/** @type {(noun: string, number: number) => string} */
	remove: (noun, number) => `Remove ${noun} ${number}`,
	/** @type {(text: string) => string} */
	onePerLine: (text) => `${text}, one on each line`,
	onePerLineHint: "One on each line",
	maskNeedsImage: "Add the image first: the mask is drawn over it.",
	maskTitle: "Mask: draw where the image may change",
	maskNoImage: "The image cannot be shown, so the mask cannot be drawn over it.",
	brushSize: "Brush size",
	useMask: "Use this mask",
	maskLabel: "Draw where the image may change",
	brush: "Brush",
	/** @type {(text: string) => string} */
	files: (text) => `${text}: files`,
	addUrl: "Add a URL",
	/** @type {(text: string, number: number) => string} */
	url: (text, number) => `${text} ${number}: URL`,
	/** @type {(text: string, text2: string) => string} */
	removeOne: (text, text2) => `Remove: ${text}${text2}`,
	drawIt: "Draw it",
	/** @type {Record<string, string>} */
	uploadOne: { image: "Upload an image", video: "Upload a video", audio: "Upload a sound", file: "Upload a file" },
	/** @type {Record<string, string>} */
	uploadSome: { image: "Upload images", video: "Upload videos", audio: "Upload sounds", file: "Upload files" },
	row: "row",
});

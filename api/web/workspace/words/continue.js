// What is said where one goes on from an output.

export const CONTINUE = Object.freeze({
	continue: "Continue",
	noModel: "No model in the list can do that.",
	noPicture: "The picture cannot be used.",
	sayWhatChange: "Say what to change.",
	sayWhatMoves: "Say what moves.",
	readyToUpscale: "Ready to upscale.",
	added: "Added to the pictures.",
	sameAgain: "The same again, with new seeds.",
	hasAll: "The form holds everything from the job.",
	/** @type {(text: string, model: string) => string} */
	model: (text, model) => `${text} Model: ${model}.`,
	familyTitle: "Made from, and into",
	andMore: "and more",
	thisJob: "This job",
	/** @type {(name: string) => string} */
	notMadeFrom: (name) => `Not made from ${name}`,
	forgetParent: "Forget where it comes from",
	notStored: "WaveSpeed has deleted it, and it was not stored here.",
	unreadable: "The stored file cannot be read.",
	editNote: "Change this picture with a prompt",
	animate: "Animate",
	animateNote: "Make a video that begins with this picture",
	upscale: "Upscale",
	upscaleNote: "Make this picture larger",
	useAsReference: "Use as reference",
	referenceNote: "Add this picture to the form’s pictures",
	moreLikeThis: "More like this",
	/** @type {(VARIATIONS: number) => string} */
	variationNote: (VARIATIONS) => `The same again, ${VARIATIONS} times, with new seeds`,
	retryWithChanges: "Retry with changes",
	retryNote: "Fill the form from this job, to change it",
	first: "first",
});

/** How a job was made from another, before that one's name. @type {Readonly<Record<string, string>>} */
export const PHRASES = Object.freeze({
	edit: "An edit of",
	animate: "An animation of",
	upscale: "An upscale of",
	reference: "Made with",
	variation: "A variation of",
	retry: "A retry of",
});

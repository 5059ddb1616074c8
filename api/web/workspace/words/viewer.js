// What the viewer says.

export const VIEWER = Object.freeze({
	/** @type {(number: number, number2: number) => string} */
	outputOf: (number, number2) => `Output ${number} of ${number2}`,
	output: "Output",
	/** @type {(number: number, number2: number) => string} */
	inputOf: (number, number2) => `Input ${number} of ${number2}`,
	input: "Input",
	closeRecipe: "Close the recipe",
	dividerLabel: "Divider between the two",
	fitTitle: "Fit, or as large as it is (0, 1)",
	previous: "Previous",
	previousKey: "Previous (←)",
	next: "Next",
	nextKey: "Next (→)",
	compareKey: "Compare with the next one (c)",
	inputKey: "Compare with what it was made from (b)",
	shapeKey: "Side by side, or with a divider (v)",
	downloadKey: "Download (d)",
	openJobKey: "Open the job (o)",
	openJob: "Open job",
	recipeKey: "Recipe (i)",
	zoom: "Zoom",
	smaller: "Smaller",
	smallerKey: "Smaller (-)",
	larger: "Larger",
	largerKey: "Larger (+)",
	closeViewer: "Close the viewer",
	sideBySide: "Side by side",
	divider: "Divider",
	noSuchOutput: "There is no such output",
	noSuchOutputNote: "It may have been deleted, or is not there yet.",
	/** @type {(number: number, number2: number, text: string) => string} */
	place: (number, number2, text) => `${number} of ${number2}${text}`,
	/** @type {(name: string, number: number, number2: number) => string} */
	placeOf: (name, number, number2) => `${name}, ${number} of ${number2}.`,
	/** @type {(percent: number) => string} */
	zoomAt: (percent) => `Zoom: ${percent} %`,
	nothingToCompare: "There is nothing to compare it with.",
	noInput: "It was made without a picture.",
});

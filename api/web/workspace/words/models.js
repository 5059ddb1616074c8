// What the choice of models says.

export const MODELS = Object.freeze({
	other: "Other",
	noMatch: "No known model matches. The path is used as typed.",
	/** @type {(more: number) => string} */
	more: (more) => `${more} more: type to narrow the list.`,
	removeFavourites: "Remove from favourites",
	addFavourites: "Add to favourites",
	/** @type {(cost: string) => string} */
	from: (cost) => `from ${cost}`,
	favourite: "Favourite",
	/** @type {(word: string) => string} */
	variant: (word) => `${word}, variant of this model`,
	/** @type {(text: string) => string} */
	notOn: (text) => `Not on ${text}`,
	alsoOn: "Also on",
	tryAnother: "Try another model with the same prompt",
	oneJobEach: "One job each, with the same prompt",
	anotherModel: "+ Another model",
	favourites: "Favourites",
	recent: "Recent",
});

// What every part of the page says.

export const CORE = Object.freeze({
	remove: "Remove",
	cancel: "Cancel",
	tag: "Tag",
	loading: "Loading…",
	paused: "Paused",
	resume: "Resume",
	pause: "Pause",
	wavespeed: "WaveSpeed",
	grok: "Grok",
	noSeeing: "You may not see jobs",
	onlyLooking: "You may look at jobs, but not create or change them",
	noDeciding: "You may not decide on charges that are unclear",
	noRight: "You may not do this",
	/** @type {(text: string, scope: string) => string} */
	takesScope: (text, scope) => `${text}: that takes the scope ${scope}.`,
	/** @type {(message: string) => string} */
	refused: (message) => `You may not do this. ${message}`,
	silent: "The server is not responding.",
	reload: "Reload the page",
	notLoaded: "This part of the page could not be loaded: the server is not responding.",
	product: "Promptmill",
	/** @type {(count: number) => string} */
	saidTimes: (count) => `Said ${count} times`,
	dismiss: "Dismiss",
	/** @type {(text: string, number: number) => string} */
	moreChanges: (text, number) => `${text} And ${number} more changes.`,
	/** @type {(number: number) => string} */
	finished: (number) => `(${number}) finished`,
	/** @type {(what: string) => string} */
	copied: (what) => `${what} copied.`,
	/** @type {(what: string) => string} */
	notCopied: (what) => `${what} not copied: the browser only allows that over https.`,
	noCookies: "The key is valid, but your browser did not keep the session. Allow cookies for this page.",
	/** @type {(theme: string) => string} */
	themeTitle: (theme) => `Theme: ${theme} (t)`,
	/** @type {(theme: string) => string} */
	themeLabel: (theme) => `Theme: ${theme}. Change`,
	decideFirst: "First decide on the prompt that Grok is writing.",
	all: "All",
	images: "Images",
	videos: "Videos",
	erased: "Erased",
	retry: "Retry",
	open: "Open",
	erase: "Erase",
	byGrok: "by Grok",
	byGrokEdited: "by Grok, edited",
	fromTemplate: "from the template",
	/** @type {(number: number, more: boolean) => string} */
	shown: (number, more) => `${number}${more ? "+" : ""} shown`,
	/** @type {(text: string) => string} */
	theme: (text) => `Theme: ${text}.`,
	loadingJob: "Loading the job…",
	/** @type {(id: string) => string} */
	job: (id) => `job ${id}`,
	/** @type {(id: string) => string} */
	request: (id) => ` (request ${id})`,
});

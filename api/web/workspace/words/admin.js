// What Admin says.

import { count } from "../core/format.js";

export const ADMIN = Object.freeze({
	everything: "Everything",
	allOwners: "All owners",
	csv: "CSV",
	showOlderEntries: "Show older entries",
	auditCaption: "Audit log, newest first",
	auditNote: "Who did what. Nobody can change or remove an entry here.",
	what: "What",
	owner: "Owner",
	to: "To",
	noEntry: "There is no such entry.",
	noOlderEntries: "The older entries could not be read.",
	/** @type {(requestId: string) => string} */
	request: (requestId) => `Request ${requestId}`,
	/** @type {(address: string) => string} */
	fromAddress: (address) => ` from ${address}`,
	eachDay: "Each day",
	eachMonth: "Each month",
	budgets: "Budgets",
	set: "Set",
	whose: "Whose",
	period: "Period ",
	utc: "(UTC)",
	limitUsd: "Limit in USD",
	budgetsNote: "A job that a budget has no room for waits, unpaid, until there is some. What Grok’s prompts cost counts as well.",
	wholeInstallation: "The whole installation",
	noBudget: "There is no budget: nothing limits what is spent.",
	/** @type {(cost: string) => string} */
	spentCost: (cost) => `${cost} spent`,
	/** @type {(cost: string) => string} */
	reservedCost: (cost) => `${cost} reserved`,
	/** @type {(cost: string) => string} */
	leftCost: (cost) => `${cost} left`,
	/** @type {(cost: string) => string} */
	limit: (cost) => `Limit ${cost}`,
	/** @type {(name: string) => string} */
	changeOne: (name) => `Change the ${name}`,
	change: "Change",
	/** @type {(name: string) => string} */
	removeOne: (name) => `Remove the ${name}`,
	enterAmount: "Enter an amount in USD, such as 25.00.",
	/** @type {(cost: string, text: string) => string} */
	didSet: (cost, text) => `Set: ${cost}, the ${text}.`,
	/** @type {(text: string) => string} */
	removeNote: (text) => `The ${text} no longer limits spending. Jobs that wait for it go on.`,
	removeQuestion: "Remove this budget?",
	removeBudget: "Remove the budget",
	/** @type {(text: string) => string} */
	removed: (text) => `Removed: the ${text}.`,
	budgetNotRemoved: "The budget was not removed.",
	keys: "Keys",
	newKey: "New key",
	keysNote: "A program or a person shows a key to use this Promptmill. It says whose jobs they see and what they may do.",
	/** @type {(number: number) => string} */
	showOld: (number) => `Show ${count(number, "revoked or expired key")}`,
	/** @type {(owner: string) => string} */
	noKeyOf: (owner) => `There is no key of ${owner}.`,
	noKey: "There is no key yet.",
	/** @type {(date: string) => string} */
	made: (date) => `Made ${date}`,
	custom: "Custom",
	youUseIt: "You use it",
	/** @type {(name: string) => string} */
	revokeOne: (name) => `Revoke ${name}`,
	revoke: "Revoke",
	/** @type {(name: string, owner: string) => string} */
	revokeNote: (name, owner) => `Whoever uses ${name} (${owner}) is refused within a second, and the sessions that began with it end. This cannot be undone.`,
	revokeOwn: "You are signed in with this key: you will be signed out.",
	revokeQuestion: "Revoke this key?",
	revokeKey: "Revoke the key",
	/** @type {(name: string) => string} */
	keyRevoked: (name) => `Key revoked: ${name}.`,
	keyNotRevoked: "The key was not revoked.",
	lastUsed: "Last used: ",
	neverUsed: "Never used",
	/** @type {(date: string) => string} */
	revokedOn: (date) => `Revoked ${date}`,
	neverExpires: "Never expires",
	/** @type {(date: string) => string} */
	expiredOn: (date) => `Expired ${date}`,
	/** @type {(time: string) => string} */
	expiresIn: (time) => `Expires in ${time}`,
	/** @type {(date: string) => string} */
	until: (date) => `Until ${date}`,
	openJobs: "Open jobs",
	requestsMinute: "Requests a minute",
	highestPriority: "Highest priority",
	outputsOneJob: "Outputs of one job",
	uploadsDay: "Uploads a day",
	liveStreams: "Live streams",
	/** @type {(text: string) => string} */
	limitsAre: (text) => `Limits: ${text}`,
	noLimit: "No limit",
	models: "Models",
	modelsHint: " Patterns such as bytedance/*, with commas between them",
	/** @type {(name: string) => string} */
	limitsOf: (name) => `Limits of ${name}`,
	limitsNote: "They apply to new requests; what is open stays. An empty field means the installation’s limit.",
	saveLimits: "Save limits",
	reason: "Reason",
	reasonHint: " Everybody who meets the pause reads it",
	/** @type {(name: string) => string} */
	pauseOne: (name) => `Pause ${name}`,
	pauseNote: "It gets no new jobs. Jobs that wait are not submitted, and cost nothing, until it is resumed; what WaveSpeed already has goes on.",
	pauseOwner: "Pause owner",
	in30Days: "In 30 days",
	in90Days: "In 90 days",
	inYear: "In a year",
	never: "Never",
	keyNameHint: "Nightly renderings",
	chooseScopes: "Choose scopes…",
	scopes: "Scopes",
	createKey: "Create the key",
	firstKeyNote: "Nobody has to sign in here so far. This first key ends that: from then on every call needs a key, and you will be signed in with this one.",
	name: "Name",
	nameHint: "Who or what will use it",
	role: "Role",
	expires: "Expires",
	enterName: "Enter a name.",
	chooseScope: "Choose at least one scope.",
	theNewKey: "The new key",
	/** @type {(name: string) => string} */
	keyCreated: (name) => `Key created: ${name}`,
	copyNow: "Copy it now: it is shown only this once.",
	keepKeyNote: " Whoever has it can do what it allows, so keep it where passwords are kept. A lost key is replaced, not recovered.",
	key: "Key",
	programsSendIt: "Programs send it as ",
	bearer: "Authorization: Bearer …",
	peopleSignIn: "; people sign in with it.",
	stored: "I have stored it",
	ownerHint: "team-a",
	owners: "Owners",
	add: "Add",
	newOwner: "New owner",
	ownersNote: "An owner is a team or an application. Its jobs, uploads, ratings and keys are its own: no other owner sees them.",
	/** @type {(name: string) => string} */
	ownerAdded: (name) => `Owner added: ${name}.`,
	/** @type {(name: string) => string} */
	ownerResumed: (name) => `Owner resumed: ${name}.`,
	actingForIt: "Acting for it",
	/** @type {(date: string) => string} */
	since: (date) => `Since ${date}`,
	firstOwner: "The first, there from the beginning",
	somebody: "somebody",
	/** @type {(date: string, text: string, text2: string) => string} */
	pausedBy: (date, text, text2) => `Paused on ${date} by ${text}: ${text2}`,
	/** @type {(name: string) => string} */
	keysOf: (name) => `Keys of ${name}`,
	limits: "Limits",
	/** @type {(name: string) => string} */
	resumeOne: (name) => `Resume ${name}`,
	/** @type {(name: string) => string} */
	actForOne: (name) => `Act for ${name}`,
	actFor: "Act for",
	sessions: "Sessions",
	sessionsNote: "A browser in which somebody has signed in with a key. A session ends after 12 hours without use, with its key, or here.",
	nobodySignedIn: "Nobody is signed in.",
	thisBrowser: "This browser",
	/** @type {(time: string) => string} */
	sinceTime: (time) => `Since ${time}`,
	/** @type {(name: string) => string} */
	endSessionOf: (name) => `End the session of ${name}`,
	end: "End",
	/** @type {(name: string) => string} */
	endNote: (name) => `Whoever signed in as ${name} has to sign in again. Their key still works: revoke it to keep them out.`,
	ownSession: "This is your own session.",
	endQuestion: "End this session?",
	endSession: "End the session",
	sessionEnded: "Session ended.",
	sessionNotEnded: "The session was not ended.",
	day: "Day",
	spending: "Spending",
	spendingNote: "By UTC day: a submission counts on the day it was permitted, a prompt of Grok on the day xAI reported its cost.",
	nothingSpent: "Nothing was spent or reserved.",
	/** @type {(text: string) => string} */
	spendingBy: (text) => `Spending by ${text}, in USD`,
	spent: "Spent",
	reserved: "Reserved",
	audit: "Audit",
	admin: "Admin",
	backToJobs: "Back to jobs",
	/** @type {(date: string, actor: string) => string} */
	madeBy: (date, actor) => `Made ${date} by ${actor}`,
	/** @type {(models: string) => string} */
	modelsAre: (models) => `models ${models || "none"}`,
	by: "By",
});

// What is said about who is signed in, and when somebody signs in.

export const ACCOUNT = Object.freeze({
	/** @type {(name: string, owner: string | null) => string} */
	signedIn: (name, owner) => `Signed in: ${name}, ${owner}`,
	/** @type {(owner: string) => string} */
	actingFor: (owner) => `Acting for ${owner}.`,
	actingNote: "You see this owner’s jobs, and what you queue belongs to them.",
	/** @type {(owner: string) => string} */
	noOwner: (owner) => `There is no owner ${owner}.`,
	noOwnerNote: "Nothing can be shown or queued for it.",
	refused: "You cannot use this Promptmill.",
	stillSignedIn: "You are still signed in.",
	unnamed: "Unnamed",
	sessionEnded: "Your session has ended. Sign in again to go on: nothing that you typed is lost.",
	enterKey: "Enter your key. If you have none, ask whoever looks after this Promptmill.",
	signingIn: "Signing in…",
	signIn: "Sign in",
	wrongKey: "This key is not valid. It may be mistyped, expired or revoked.",
	tooManyWrong: "Too many wrong keys came from your address. Wait a minute, then try again.",
	silent: "The server is not responding. Try again in a moment.",
	cannotCheck: "The server cannot check keys at the moment. Try again in a moment.",
});

// What uploads say.

export const UPLOADS = Object.freeze({
	/** @type {(name: string) => string} */
	uploading: (name) => `Uploading ${name}.`,
	noRoom: "There is no room for another file. Remove one and try again.",
	onlyImages: "Only JPEG, PNG and WebP images can be uploaded.",
	empty: "The file is empty.",
	/** @type {(number: number) => string} */
	tooLarge: (number) => `It is larger than ${number} MiB.`,
	/** @type {(name: string) => string} */
	uploadOf: (name) => `Upload of ${name}`,
	/** @type {(name: string) => string} */
	cancelUpload: (name) => `Cancel the upload of ${name}`,
	checking: "checking…",
	/** @type {(name: string) => string} */
	closeOne: (name) => `Close: ${name}`,
	close: "Close",
	/** @type {(name: string, why: string) => string} */
	notUploaded: (name, why) => `${name} was not uploaded. ${why}`,
	/** @type {Record<string, string>} */
	only: { image: "Only images can be uploaded here.", video: "Only videos can be uploaded here.", audio: "Only sounds can be uploaded here." },
});

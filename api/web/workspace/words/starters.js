// The ideas for an empty form.

export const IDEAS = Object.freeze({
	portrait: "Portrait",
	portraitPrompt: "Portrait of a violin maker in her workshop, soft window light, shavings on the bench, 85 mm, shallow depth of field",
	landscape: "Landscape",
	landscapePrompt: "A lighthouse in the fog seen from the sea at dawn, muted blues, one warm light, wide shot",
	productShot: "Product shot",
	productPrompt: "A matte black coffee grinder on pale oak, hard side light, long shadow, plenty of empty space on the left for a headline",
	illustration: "Illustration",
	illustrationPrompt: "A fox reading under a mushroom, ink and watercolour, loose lines, warm paper texture, children’s book",
	shortVideo: "Short video",
	videoPrompt: "Slow push-in on an empty tram at night, rain running down the windows, city lights out of focus",
});

// mdBook's own index splits text at spaces, so it doesn't find a word within a Chinese sentence
// or a name within a line of code. This one, for the same search field, compares characters: a
// section is found if it has every word of the query somewhere.

const AROUND = { before: 30, after: 120 };

// A section's rank: its title counts more than its text.
function score(section, words) {
    const title = section.title.toLowerCase();
    const body = section.body.toLowerCase();
    const one = (word) => {
        const inTitle = title === word ? 40 : title.includes(word) ? 20 : 0;
        return inTitle + Math.min(body.split(word).length - 1, 10);
    };
    const scores = words.map(one);
    return scores.includes(0) ? 0 : scores.reduce((a, b) => a + b, 0);
}

// The text around the first hit. mdBook marks whole words, so a hit gets spaces around it.
function excerpt(body, words) {
    const places = words.map((word) => body.toLowerCase().indexOf(word));
    const first = Math.max(Math.min(...places), 0);
    const start = Math.max(first - AROUND.before, 0);
    const end = Math.min(first + AROUND.after, body.length);
    let text = body.slice(start, end);
    if (start > 0) text = text.replace(/^\w*/, "…");
    if (end < body.length) text = text.replace(/\w*$/, "…");
    const escaped = words.map((word) => word.replace(/[^\p{L}\p{N}\s]/gu, "\\$&"));
    return text.replace(new RegExp(escaped.join("|"), "gi"), " $& ");
}

elasticlunr.Index.load = ({ documentStore }) => ({
    search(query) {
        const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
        return Object.entries(documentStore.docs)
            .map(([ref, section]) => ({ ref, section, score: score(section, words) }))
            .filter((found) => found.score > 0)
            .sort((a, b) => b.score - a.score)
            .map(({ ref, section, score }) => ({
                ref,
                score,
                doc: { ...section, body: excerpt(section.body, words) },
            }));
    },
});

// mdBook searches when a key is released, which text from an input method or a menu isn't.
const field = document.getElementById("mdbook-searchbar");
field.addEventListener("input", () => field.dispatchEvent(new Event("keyup")));

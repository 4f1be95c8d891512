// The live view: fetches the exposition of the program that serves this page, and updates
// only what has changed. Text from the program is inserted as text, never as markup.
'use strict';

// Points of a line: one for each fetch, 2 pixels apart.
const POINTS = 60;
// Rows that the browser lays out or skips together.
const CHUNK = 50;
const TIMEOUT = 10_000;

const byId = (id) => document.getElementById(id);
const clone = (id) => byId(id).content.firstElementChild.cloneNode(true);
const [live, filter, blocks] = ['live', 'filter', 'families'].map(byId);

// The text format, version 0.0.4.

const LABEL = String.raw`([a-z_]\w*)[ \t]*=[ \t]*"([^"\\]*(?:\\[\\"n][^"\\]*)*)"[ \t]*`;
const ONE = LABEL.replaceAll(/\((?!\?)/g, '(?:');
const LABELS = String.raw`\{[ \t]*((?:${ONE},[ \t]*)*(?:${ONE})?)\}`;
const NUMBER = String.raw`[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)`;
const SERIES = String.raw`([a-z_:][\w:]*)(?:[ \t]*${LABELS}[ \t]*|[ \t]+)`;
const TIME = String.raw`(?:[ \t]+(-?\d+))?`;
const SAMPLE = RegExp(String.raw`^[ \t]*${SERIES}(${NUMBER})${TIME}[ \t]*$`, 'i');
const DESCRIPTION = /^[ \t]*#[ \t]+(HELP|TYPE)[ \t]+([^ \t]+)[ \t]*([^]*)$/;

// The types, each with the label that its samples set themselves.
const OWN_LABELS = new Map([['counter'], ['gauge'], ['untyped']]);
OWN_LABELS.set('histogram', 'le').set('summary', 'quantile');

const unescaped = (text, escapes) =>
	text.replace(escapes, (_, character) => (character === 'n' ? '\n' : character));

function parseLabels(text) {
	const labels = [...text.matchAll(new RegExp(LABEL, 'gi'))];
	return labels.map(([, name, value]) => [name, unescaped(value, /\\(.)/g)]);
}

const toNumber = (text) => Number(text.replace(/inf(inity)?/i, 'Infinity'));

/** The families of an exposition by name, or why there are none. */
function parse(text) {
	const families = new Map();
	for (const [index, line] of text.split('\n').entries()) {
		const problem = parseLine(line, families);
		const why = `the response isn't an exposition: line ${index + 1} ${problem}`;
		if (problem) return { why, lines: line };
	}
	return { families };
}

function parseLine(line, families) {
	const sample = SAMPLE.exec(line);
	if (sample) return addSample(sample, families);
	const [, keyword, name, text] = DESCRIPTION.exec(line) ?? [];
	if (!keyword) return /^[ \t]*(#|$)/.test(line) ? '' : "isn't a sample";
	const family = familyNamed(name, families);
	if (keyword === 'HELP') family.help = unescaped(text, /\\([\\n])/g);
	else if (OWN_LABELS.has(text.trim())) family.type = text.trim();
	else return 'has an unknown type';
}

function familyNamed(name, families) {
	if (!families.has(name)) {
		families.set(name, { name, type: 'untyped', help: '', rows: new Map() });
	}
	return families.get(name);
}

/** The family of the samples called `name`: that of `a_sum` may be `a`. */
function familyOf(name, families) {
	if (families.has(name)) return families.get(name);
	const [, base, suffix] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? [];
	const type = families.get(base)?.type;
	const isPart = type === 'histogram' || (type === 'summary' && suffix !== 'bucket');
	return familyNamed(isPart ? base : name, families);
}

/** A row is one series, or a histogram or summary with its labels. */
function addSample([, name, text = '', value, time = ''], families) {
	const { rows, type } = familyOf(name, families);
	const own = OWN_LABELS.get(type);
	const all = own && parseLabels(text);
	const labels = all?.filter(([label]) => label !== own);
	const key = own ? JSON.stringify(labels) : text;
	if (!rows.has(key)) rows.set(key, { labels, text, time, value: '', points: [], size: 0 });
	else if (!own) return 'repeats a series';
	const row = rows.get(key);
	row.size += 1;
	const bound = all?.find(([label]) => label === own);
	if (bound) row.points.push([bound[1], value]);
	else row[own && name.endsWith('_sum') ? 'sum' : 'value'] = value;
}

// Histograms.

/** The buckets as a list, each without what a lower one counts. */
function bucketsOf(points) {
	const buckets = points.map(([bound, total]) => {
		return { key: `≤ ${bound}`, total, upper: toNumber(bound), count: toNumber(total) };
	});
	buckets.sort((a, b) => a.upper - b.upper);
	const own = buckets.map(({ count }, i) => count - (buckets[i - 1]?.count ?? 0));
	const most = Math.max(...own);
	const share = (count) => (count > 0 ? count / most : 0);
	return buckets.map((all, i) => ({ ...all, text: short(own[i]), share: share(own[i]) }));
}

/** PromQL's histogram_quantile, which interpolates linearly within a bucket. */
function quantile(q, buckets) {
	const top = buckets.at(-1);
	if (buckets.length < 2 || top.upper !== Infinity || !(top.count > 0)) return NaN;
	const rank = q * top.count;
	const index = buckets.findIndex(({ count }) => count >= rank);
	const { upper, count } = buckets[index];
	const below = buckets[index - 1] ?? { upper: 0, count: 0 };
	if (upper === Infinity) return below.upper;
	if (index === 0 && upper <= 0) return upper;
	const share = (rank - below.count) / (count - below.count);
	return below.upper + (upper - below.upper) * share;
}

// Text.

/** Shows characters that are invisible or change the direction of text. */
const visible = (text) =>
	text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
		const code = character.codePointAt(0).toString(16).toUpperCase();
		return character === '\n' ? '↵' : `⟨U+${code.padStart(4, '0')}⟩`;
	});

function short(number) {
	const rounded = Number.isSafeInteger(number) ? number : +number.toPrecision(4);
	return String(rounded).replace(/^-/, '−');
}

function signed(difference) {
	if (!difference || !Number.isFinite(difference)) return 'changed';
	return (difference > 0 ? '+' : '') + short(difference);
}

const addText = (element) => element.appendChild(new Text(''));

/** Whether that changes the text of `node`. */
function setText(node, text) {
	if (node.data === text) return false;
	node.data = text;
	return true;
}

const mark = (node, changed) => node.parentNode.classList.toggle('changed', changed);

// Families, each with chunks of rows. Existing ones keep their place, whatever the order of
// the next exposition; a new one goes after the one that precedes it there.

const views = new Map();
let scrapes = 0;
let drawnAt;
// Between the last two expositions that were drawn.
let seconds;
const observer = new IntersectionObserver((entries) => {
	for (const { target, isIntersecting } of entries) {
		target.chunk.inView = isIntersecting;
		if (isIntersecting) target.chunk.rows.forEach(drawLine);
	}
});

// A substring keeps the whole string, here a response, in memory.
const copy = (text) => ` ${text}`.slice(1);

function addView(key, { name, type }, previous) {
	const element = clone('family');
	const [title, kind, help] = element.children;
	title.append(name);
	kind.append(type);
	if (previous) previous.element.after(element);
	else blocks.prepend(element);
	const view = { element, help: addText(help), rows: new Map(), chunks: [] };
	views.set(copy(key), view);
	return view;
}

function addChunk(view, index) {
	const element = document.createElement('ul');
	const chunk = { element, rows: [] };
	element.chunk = chunk;
	view.element.insertBefore(element, view.chunks[index]?.element ?? null);
	view.chunks.splice(index, 0, chunk);
	observer.observe(element);
	return chunk;
}

function addRow(view, key, { text, labels = parseLabels(text) }, previous) {
	const element = clone('row');
	const [names, time, value, change, rate, line] = element.children;
	const row = { element, line, history: [], text: pairs(labels) };
	[row.time, row.value, row.change, row.rate] = [time, value, change, rate].map(addText);
	names.append(...labels.map(chip));
	place(row, view, previous);
	view.rows.set(copy(key), row);
	return row;
}

const pair = ([name, value]) => `${name}="${value}"`;
const pairs = (labels) => labels.map(pair).join('\n').toLowerCase();

function chip([name, value]) {
	const element = document.createElement('span');
	const key = document.createElement('i');
	key.append(`${name}=`);
	element.append(key, visible(`"${value}"`));
	if (value.length > 30) element.title = pair([name, value]);
	return element;
}

function place(row, view, previous) {
	const chunk = previous?.chunk ?? view.chunks[0] ?? addChunk(view, 0);
	const index = chunk.rows.indexOf(previous) + 1;
	chunk.element.insertBefore(row.element, chunk.element.children[index] ?? null);
	chunk.rows.splice(index, 0, row);
	row.chunk = chunk;
	if (chunk.rows.length <= CHUNK) return;
	const next = addChunk(view, view.chunks.indexOf(chunk) + 1);
	next.rows = chunk.rows.splice(index || 1);
	for (const moved of next.rows) {
		next.element.append(moved.element);
		moved.chunk = next;
	}
}

function removeRow(view, key, { element, chunk }) {
	element.remove();
	chunk.rows = chunk.rows.filter((row) => row.element !== element);
	view.rows.delete(key);
	if (chunk.rows.length) return;
	chunk.element.remove();
	view.chunks.splice(view.chunks.indexOf(chunk), 1);
}

function draw(families) {
	// Restarts the animation of a value that has changed again.
	live.classList.toggle('odd', scrapes % 2);
	let previous = null;
	for (const family of families.values()) {
		if (!family.rows.size) continue;
		const key = `${family.type} ${family.name}`;
		const view = views.get(key) ?? addView(key, family, previous);
		drawFamily(view, family);
		previous = view;
	}
	for (const [key, { element, drawn }] of views) {
		if (drawn === scrapes) continue;
		element.remove();
		views.delete(key);
	}
	applyFilter();
}

function drawFamily(view, { name, type, help, rows }) {
	view.drawn = scrapes;
	setText(view.help, visible(help));
	const parts = OWN_LABELS.get(type) ? `${name}_bucket ${name}_sum ${name}_count` : '';
	view.text = `${name} ${parts} ${help}`.toLowerCase();
	let previous = null;
	for (const [key, data] of rows) {
		const row = view.rows.get(key) ?? addRow(view, key, data, previous);
		drawRow(row, data, type);
		previous = row;
	}
	if (view.rows.size === rows.size) return;
	for (const [key, row] of view.rows) if (!rows.has(key)) removeRow(view, key, row);
}

function drawRow(row, data, type) {
	const { value, time, size } = data;
	const isNew = row.size === undefined;
	const number = toNumber(value);
	const difference = number - row.number;
	const changed = setText(row.value, value) && (!isNew || scrapes > 1);
	mark(row.value, changed);
	setText(row.change, changed ? (isNew ? 'new' : signed(difference)) : '');
	setText(row.time, time && `at ${time}`);
	Object.assign(row, { number, size });
	const own = OWN_LABELS.get(type);
	if (own) drawParts(row, own, data);
	if (!own && type !== 'counter') return remember(row, number);
	const rate = difference < 0 ? NaN : difference / seconds;
	const text = Number.isFinite(rate) ? `${short(rate)}/s` : '';
	setText(row.rate, difference < 0 ? 'reset' : text);
	remember(row, rate);
}

function drawParts(row, own, { labels, points, sum = '' }) {
	if (!row.facts) addParts(row, own);
	row.text = pairs([...labels, ...points.map(([bound]) => [own, bound])]);
	let facts = points.map(([bound, text]) => ({ key: `quantile ${bound}`, text }));
	if (own === 'le') {
		const buckets = bucketsOf(points);
		drawList(row.buckets, buckets);
		facts = [0.5, 0.9, 0.99].map((q) => {
			return { key: `quantile ${q}, estimated`, text: short(quantile(q, buckets)) };
		});
	}
	drawList(row.facts, [{ key: 'sum', text: sum }, ...facts]);
	row.weight = 2.5 + 0.75 * Math.max(facts.length, points.length);
}

function addParts(row, own) {
	const detail = clone('detail');
	[row.buckets, row.facts] = [...detail.children].map((element) => ({ element }));
	if (own !== 'le') detail.firstChild.remove();
	row.element.classList.add('whole');
	row.element.append(detail);
}

function drawList(list, entries) {
	const keys = JSON.stringify(entries.map(({ key }) => key));
	const isNew = list.keys !== keys;
	if (isNew) {
		list.keys = keys;
		list.items = entries.map(newItem);
		list.element.replaceChildren(...list.items.map(({ element }) => element));
	}
	entries.forEach(({ text, total = '', share = 0 }, index) => {
		const item = list.items[index];
		mark(item.own, setText(item.own, text) && !isNew);
		setText(item.total, total);
		item.bar.style.width = `${100 * share}%`;
	});
}

function newItem({ key }) {
	const element = clone('item');
	const [bound, own, total] = element.children;
	const [name, bar] = bound.children;
	name.append(visible(key));
	return { element, bar: bar.firstChild, own: addText(own), total: addText(total) };
}

// Lines.

function remember(row, number) {
	row.history.push(number);
	if (row.history.length > POINTS) row.history.shift();
	if (row.chunk.inView) drawLine(row);
}

function drawLine(row) {
	if (!row.line.firstChild) row.line.append(clone('curve'));
	row.line.firstChild.firstChild.setAttribute('d', pathOf(row.history));
}

/** Draws a line scaled to its values, with gaps for those that aren't finite. */
function pathOf(history) {
	const numbers = history.filter(Number.isFinite);
	const least = Math.min(...numbers);
	const scale = 20 / (Math.max(...numbers) - least);
	const points = history.map((number, index) => {
		if (!Number.isFinite(number)) return '';
		const x = 118 - 2 * (history.length - 1 - index);
		const y = Number.isFinite(scale) ? 22 - (number - least) * scale : 12;
		return `${Number.isFinite(history[index - 1]) ? 'L' : 'M'}${x} ${y.toFixed(1)}h0`;
	});
	return points.join('');
}

// The filter.

function applyFilter() {
	const words = filter.value.toLowerCase().split(/\s+/);
	let [shown, all] = [0, 0];
	for (const view of views.values()) {
		let height = 0;
		for (const chunk of view.chunks) {
			let weight = 0;
			for (const { element, text, size, weight: own = 1 } of chunk.rows) {
				const found = words.every((w) => text.includes(w) || view.text.includes(w));
				if (element.hidden === found) element.hidden = !found;
				all += size;
				if (!found) continue;
				weight += own;
				shown += size;
			}
			fit(chunk, weight);
			height += weight;
		}
		fit(view, height);
	}
	say('count', shown === all ? `${all} series` : `${shown} of ${all} series`);
}

/** Hides chunks without rows, and sets the height of the others before their layout. */
function fit(block, weight) {
	if (block.weight === weight) return;
	block.weight = weight;
	block.element.hidden = !weight;
	block.element.style.setProperty('--rows', weight);
}

function onFilter() {
	// Hidden for a moment, or chunks in view would be laid out with all of their rows.
	blocks.hidden = true;
	live.clientHeight;
	applyFilter();
	blocks.hidden = false;
	if (blocks.getBoundingClientRect().top < 0) blocks.scrollIntoView();
}

// Fetches.

let paused = false;
let timer;
let inFlight = null;

async function fetchMetrics(signal) {
	const headers = { Accept: 'text/plain;version=0.0.4' };
	const options = { cache: 'no-store', headers, signal };
	try {
		// It refuses the password that the page's own address may have.
		const page = location.origin + location.pathname;
		const response = await fetch(new URL(live.dataset.metrics, page), options);
		const bytes = await response.arrayBuffer();
		const text = new TextDecoder().decode(bytes);
		if (response.ok) return { text, size: bytes.byteLength };
		return { why: `HTTP status ${response.status} ${response.statusText}`, lines: text };
	} catch ({ name }) {
		const late = `no response within ${TIMEOUT / 1000} s`;
		return { why: name === 'TimeoutError' ? late : "the program doesn't answer" };
	}
}

async function scrape() {
	clearTimeout(timer);
	if (paused || document.hidden || inFlight) return;
	const controller = (inFlight = new AbortController());
	const started = performance.now();
	const late = AbortSignal.timeout(TIMEOUT);
	const response = await fetchMetrics(AbortSignal.any([controller.signal, late]));
	// Paused meanwhile.
	if (inFlight !== controller) return;
	inFlight = null;
	const now = performance.now();
	timer = setTimeout(scrape, started + 1000 * byId('interval').value - now);
	const { families, why, lines } = response.why ? response : parse(response.text);
	if (families) succeed(families, response.size, now, now - started);
	else fail(why, lines);
}

function succeed(families, size, now, milliseconds) {
	scrapes += 1;
	seconds = (now - drawnAt) / 1000;
	drawnAt = now;
	draw(families);
	const time = new Date().toTimeString().slice(0, 8);
	const amount = size < 1000 ? `${size} bytes` : `${(size / 1000).toFixed(1)} kB`;
	say('last', `${time} · ${amount} · ${Math.round(milliseconds)} ms`);
	live.classList.remove('stale');
	setState('live', views.size ? '' : 'the exposition is empty');
}

function fail(why, lines) {
	for (const { rows } of views.values()) rows.forEach((row) => remember(row, NaN));
	live.classList.toggle('stale', scrapes);
	setState('failed', why, lines);
}

function setState(state, why = '', lines = '') {
	const first = lines.split('\n', 8);
	const body = first.map((line) => visible(line.slice(0, 300))).join('\n');
	live.dataset.state = state;
	byId('body').hidden = !body;
	say('state', state);
	say('why', why);
	say('body', body);
}

/** Sets the state only if it changes, since screen readers announce it each time. */
function say(id, text) {
	if (byId(id).textContent !== text) byId(id).textContent = text;
}

function togglePause() {
	paused = !paused;
	say('pause', paused ? 'Resume' : 'Pause');
	inFlight?.abort();
	inFlight = null;
	if (paused) setState('paused');
	scrape();
}

function onKey(event) {
	if (event.key === 'Escape' && event.target === filter) {
		filter.value = '';
		onFilter();
	} else if (event.key === '/' && !event.target.matches('input, select')) {
		event.preventDefault();
		filter.focus();
	}
}

filter.oninput = onFilter;
byId('interval').onchange = scrape;
byId('pause').onclick = togglePause;
document.onkeydown = onKey;
document.onvisibilitychange = scrape;
live.hidden = false;
setState('fetching');
scrape();


"use strict";

/* The data that the page carries: src/report/html_data.c writes it and says what stands where. */
const data = JSON.parse(document.getElementById("data").textContent);

const findings = data.findings.map(
	([urgency, rule, level, confidence, checksum, preview, fingerprint, proof, parts, allowed,
		repository, state, kind, refs, places, left]) => ({
		urgency, rule, level, confidence, checksum, preview, fingerprint, proof, parts, allowed,
		repository, state, kind, refs, places, left,
		words: null, /* what a search looks at; made when it is wanted */
	}));

const isHistory = data.repositories.length > 0;
const several = data.repositories.length > 1;
const BATCH = 200; /* findings that are drawn at once */
const PRINTED = 1000; /* findings that are drawn for paper */
const BARS = 8;
const DAY = 24 * 60 * 60 * 1000;

/* ---- Making elements ---- */

function fill(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes))
		node.setAttribute(name, value);
	node.append(...children.filter((child) => child !== null));
	return node;
}

function make(name, attributes, ...children) {
	return fill(document.createElement(name), attributes, children);
}

function draw(name, attributes, ...children) {
	return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function number(n) {
	return n.toLocaleString("en");
}

function count(n, noun) {
	return number(n) + " " + noun + (n === 1 ? "" : "s");
}

/* ---- What findings are ---- */

function originOf(place) {
	const [id, isCommit, author, date] = data.origins[place[5]];
	return {id, isCommit, author, date, day: date.slice(0, 10)};
}

/* Where it stands, apart from other text, whichever way its letters run. */
function placeOf([path, line, column]) {
	return make("code", {}, make("bdi", {}, data.paths[path] || "(no path)"), `:${line}:${column}`);
}

/* Live, and neither a note nor allowed. */
function isLive(finding) {
	return ["now", "live"].includes(data.urgencies[finding.urgency][0]);
}

/* The repositories' names without the folders that all of them stand in. */
function shortNames(folders) {
	const parts = folders.map((folder) => folder.split("/"));
	let same = 0;
	while (several && parts.every((part) => same < part.length - 1 && part[same] === parts[0][same]))
		same++;
	return parts.map((part) => part.slice(same).join("/"));
}

const names = shortNames(data.repositories);

/* When it came in, in milliseconds; NaN where that is not known or cannot be. */
const scanned = Date.parse(data.started);
function cameIn(finding) {
	const time = isHistory ? Date.parse(originOf(finding.places[0]).date) : NaN;
	return time >= 0 && time <= scanned + DAY ? time : NaN;
}

/* For how long it stood, or has stood by now, in milliseconds; NaN as above. */
function stayed(finding) {
	const end = finding.left ? Date.parse(finding.left) : isLive(finding) ? scanned : NaN;
	return Math.max(0, end - cameIn(finding));
}

function daysText(time) {
	return time < DAY ? "less than a day" : count(Math.floor(time / DAY), "day");
}

function wordsOf(finding) {
	if (finding.words === null) {
		const [id, name, provider] = data.rules[finding.rule];
		const words = [id, name, provider, finding.preview, finding.fingerprint, finding.proof,
			finding.state, ...finding.refs];
		if (isHistory)
			words.push(data.repositories[finding.repository]);
		for (const place of finding.places) {
			words.push(data.paths[place[0]]);
			if (isHistory)
				words.push(...data.origins[place[5]]);
		}
		finding.words = words.join("\n").toLowerCase();
	}
	return finding.words;
}

/* ---- Filters ---- */

const controls = document.getElementById("controls");
const filters = {urgency: {value: ""}};

function addSelect(name, label, groups) {
	const select = make("select", {"data-filter": name}, make("option", {value: ""}, label));
	for (const [title, options] of groups) {
		const nodes = options.map(([value, text]) => make("option", {value}, text));
		if (title === null)
			select.append(...nodes);
		else
			select.append(make("optgroup", {label: title}, ...nodes));
	}
	filters[name] = select;
	controls.append(make("label", {}, make("span", {}, label), select));
}

function byText([, a], [, b]) {
	return a.localeCompare(b);
}

/* Rules, below their providers; "p" and "r" tell what a value is. */
function ruleOptions() {
	const providers = new Map();
	data.rules.forEach(([, name, provider], i) => {
		if (!providers.has(provider))
			providers.set(provider, []);
		providers.get(provider).push(["r" + i, name]);
	});
	return [...providers].sort(([a], [b]) => a.localeCompare(b)).map(([provider, rules]) =>
		[provider, [["p" + provider, "all of " + provider], ...rules.sort(byText)]]);
}

function addControls() {
	const used = new Set(findings.map((finding) => finding.state));
	const levels = ["error", "warning", "note"];

	filters.search = make("input", {type: "search", placeholder: "Search path, rule, author, commit …"});
	controls.append(make("label", {}, make("span", {}, "Search"), filters.search));
	addSelect("rule", "All rules", ruleOptions());
	if (isHistory)
		addSelect("state", "All states",
			[[null, Object.entries(data.states).filter(([state]) => used.has(state))]]);
	else
		filters.state = {value: ""};
	if (several)
		addSelect("repository", "All repositories",
			[[null, names.map((name, i) => [String(i), name]).sort(byText)]]);
	else
		filters.repository = {value: ""};
	addSelect("level", "All levels", [[null, levels.map((level) => [level, level])]]);
	filters.clear = make("button", {type: "button", class: "plain"}, "Clear");
	filters.found = make("output", {class: "found", "aria-live": "polite"});
	controls.append(filters.clear, filters.found);
	controls.hidden = findings.length === 0;
}

function matching() {
	const words = filters.search.value.toLowerCase().split(/\s+/).filter((word) => word);
	const rule = filters.rule.value;
	const state = filters.state.value;
	const repository = filters.repository.value;
	const level = filters.level.value;
	const urgency = filters.urgency.value;

	return findings.filter((finding) =>
		(!urgency || data.urgencies[finding.urgency][0] === urgency) &&
		(!rule || (rule[0] === "r" ? String(finding.rule) === rule.slice(1)
			: data.rules[finding.rule][2] === rule.slice(1))) &&
		(!state || finding.state === state) &&
		(!repository || String(finding.repository) === repository) &&
		(!level || finding.level === level) &&
		words.every((word) => wordsOf(finding).includes(word)));
}

/* ---- A finding ---- */

function row(finding, index) {
	const [, name] = data.rules[finding.rule];
	const others = finding.places.length - 1;
	const when = make("span", {class: "when"});

	if (isHistory) {
		const origin = originOf(finding.places[0]);
		when.append(make("b", {}, data.states[finding.state]),
			make("small", {title: origin.author}, origin.day, " ", make("bdi", {}, origin.author)));
	}
	return make("li", {}, make("details", {class: "finding", "data-index": index},
		make("summary", {},
			make("span", {class: "level " + finding.level}, finding.level, " ",
				make("small", {}, finding.confidence)),
			make("span", {class: "what"}, make("code", {}, finding.preview), " ",
				make("span", {class: "rule"}, name)),
			make("span", {class: "where"}, placeOf(finding.places[0]),
				make("small", {}, make("bdi", {}, several ? names[finding.repository] : ""),
					several && others ? ", " : "", others ? "and " + count(others, "more place") : "")),
			when)));
}

function copyable(text) {
	return make("div", {class: "copy"}, make("pre", {}, text),
		make("button", {type: "button", class: "plain"}, "Copy"));
}

function placesOf(finding) {
	if (!isHistory)
		return make("p", {}, placeOf(finding.places[0]));
	const rows = finding.places.map((place) => {
		const origin = originOf(place);
		const moved = place[1] !== place[3] || place[2] !== place[4];
		return make("tr", {},
			make("td", {}, placeOf(place), moved ? make("small", {}, `last at ${place[3]}:${place[4]}`) : null),
			make("td", {class: "day"}, origin.day),
			make("td", {class: "by"}, make("bdi", {}, origin.author)),
			make("td", {class: "commit"}, make("code", {title: origin.id},
				(origin.isCommit ? "" : "object ") + origin.id.slice(0, 12))));
	});
	return make("table", {class: "places"},
		make("thead", {}, make("tr", {}, ...["Place", "Came in", "By", "Commit"].map((title) =>
			make("th", {scope: "col", class: title.toLowerCase()}, title)))),
		make("tbody", {}, ...rows));
}

function proofOf(finding) {
	const list = make("dl", {class: "proof"});
	const add = (name, ...values) => list.append(make("dt", {}, name), make("dd", {}, ...values));
	const [id] = data.rules[finding.rule];

	add("rule", make("code", {}, id));
	add("confidence", finding.confidence);
	if (finding.checksum !== "none")
		add("checksum", finding.checksum);
	if (finding.proof)
		add("decoded", finding.proof);
	for (const [name, line, column] of finding.parts)
		add("with", `${name} at ${line}:${column}`);
	if (finding.kind === "commit" || finding.kind === "tag")
		add("stands in", `a ${finding.kind}'s message`);
	if (isHistory)
		add("repository", make("bdi", {}, data.repositories[finding.repository]));
	if (finding.refs.length)
		add("stands at", ...finding.refs.map((ref) => make("bdi", {}, ref + " ")));
	if (finding.left)
		add("stood", `${Number.isNaN(stayed(finding)) ? "" : daysText(stayed(finding)) + ", "}until ${finding.left.slice(0, 10)}`);
	add("fingerprint", make("code", {}, finding.fingerprint));
	if (finding.allowed) {
		const [by, reason, owner, expires] = finding.allowed;
		add("allowed", [by, reason, owner, expires && "until " + expires].filter((word) => word).join(", "));
	}
	return list;
}

/* What to do: the rule's own words, which the page has once. */
function adviceOf(finding) {
	const advice = document.getElementById("rule-" + finding.rule).lastElementChild.cloneNode(true);
	advice.className = "advice";
	return advice;
}

function allowanceOf(finding) {
	const [id] = data.rules[finding.rule];
	return make("details", {class: "allow"}, make("summary", {}, "It is harmless"),
		make("p", {}, "In a comment on its line or the line before:"),
		copyable(`trawl:allow ${id} why it is harmless`),
		make("p", {}, "Or in .trawl.yaml:"),
		copyable(`allow:\n  - fingerprint: ${finding.fingerprint}\n    reason: why it is harmless`),
		make("p", {}, "Or in the baseline, with a reason and a last day:"),
		copyable("trawl baseline create && trawl baseline audit"));
}

/* Fills in what is only made when somebody looks. */
function open(details) {
	const finding = shown[Number(details.dataset.index)];

	if (details.childElementCount > 1)
		return;
	details.append(make("div", {class: "detail columns"},
		make("div", {},
			make("h4", {}, finding.places.length > 1 ? "Where it stands or stood" : "Where"),
			placesOf(finding),
			make("h4", {}, "What is known"), proofOf(finding)),
		make("div", {}, make("h4", {}, "What to do"), adviceOf(finding), allowanceOf(finding))));
}

/* ---- The list ---- */

const list = document.getElementById("findings");
let shown = findings; /* those that match the filters */
let drawn = 0;
let sentinel = null;

function startGroup(urgency) {
	const [id, title, text] = data.urgencies[urgency];
	const total = shown.filter((finding) => finding.urgency === urgency).length;
	const section = make("section", {class: "group " + id, id},
		make("h2", {}, title + " ", make("span", {}, number(total))), make("p", {}, text),
		make("ol", {class: "list"}));

	list.insertBefore(section, sentinel);
	return section;
}

function drawMore(limit) {
	const end = Math.min(shown.length, drawn + limit);
	let section = sentinel.previousElementSibling;

	for (; drawn < end; drawn++) {
		const {urgency} = shown[drawn];
		if (!section || section.id !== data.urgencies[urgency][0])
			section = startGroup(urgency);
		section.lastElementChild.append(row(shown[drawn], drawn));
	}
	sentinel.hidden = drawn === shown.length;
	sentinel.textContent = `Show more of ${count(shown.length, "finding")}`;
}

const watcher = new IntersectionObserver((entries) => {
	if (entries.some((entry) => entry.isIntersecting) && drawn < shown.length)
		drawMore(BATCH);
}, {rootMargin: "1500px"});

function drawList() {
	drawn = 0;
	sentinel = make("button", {type: "button", class: "plain more"});
	list.replaceChildren(sentinel);
	drawMore(BATCH);
	watcher.disconnect();
	watcher.observe(sentinel);
	if (findings.length && !shown.length)
		list.append(make("p", {}, "Nothing matches."));
}

/* ---- Charts ---- */

const charts = document.getElementById("charts");

/* How many of them, live and not, for each key. */
function tally(keyOf) {
	const sums = new Map();
	for (const finding of shown) {
		const key = keyOf(finding);
		if (!sums.has(key))
			sums.set(key, {live: 0, rest: 0});
		sums.get(key)[isLive(finding) ? "live" : "rest"]++;
	}
	return [...sums].map(([key, sum]) => ({key, ...sum, total: sum.live + sum.rest}))
		.sort((a, b) => b.total - a.total);
}

function bar(sum, most) {
	return draw("svg", {viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true"},
		draw("rect", {class: "live", width: 100 * sum.live / most, height: 4}),
		draw("rect", {class: "rest", x: 100 * sum.live / most, width: 100 * sum.rest / most, height: 4}));
}

/* Bars that are filters, too. */
function barChart(title, sums, filter, valueOf, nameOf) {
	const most = sums.length ? sums[0].total : 1;
	const items = sums.slice(0, BARS).map((sum) => make("li", {},
		make("button", {type: "button", "data-filter": filter, "data-value": valueOf(sum.key),
			"aria-pressed": filters[filter].value === valueOf(sum.key)},
			make("bdi", {class: "name", title: nameOf(sum.key)}, nameOf(sum.key)), bar(sum, most),
			make("span", {class: "count"}, number(sum.total)))));
	const left = sums.length - items.length;

	if (left > 0)
		items.push(make("li", {class: "rest"}, `and ${number(left)} more`));
	return make("section", {class: "chart"}, make("h3", {}, title), make("ul", {class: "bars"}, ...items));
}

/* Columns over time, by month, quarter or year. */
function timeChart() {
	const dated = shown.map((finding) => ({time: cameIn(finding), live: isLive(finding)}))
		.filter(({time}) => !Number.isNaN(time));
	if (!dated.length)
		return null;

	const monthOf = (time) => new Date(time).getUTCFullYear() * 12 + new Date(time).getUTCMonth();
	const months = dated.map(({time}) => monthOf(time));
	const first = months.reduce((a, b) => Math.min(a, b));
	const last = monthOf(scanned);
	const step = last - first < 48 ? 1 : last - first < 144 ? 3 : 12;
	const start = first - first % step;
	const columns = [];

	for (let month = start; month <= Math.max(last, start); month += step)
		columns.push({month, live: 0, rest: 0});
	dated.forEach(({live}, i) => {
		columns[Math.min(columns.length - 1, Math.floor((months[i] - start) / step))][live ? "live" : "rest"]++;
	});
	return columnChart("When they came in", columns, step);
}

function columnChart(title, columns, step) {
	const most = columns.reduce((a, {live, rest}) => Math.max(a, live + rest), 0);
	const width = 300 / columns.length;
	const nameOf = ({month}) => Math.floor(month / 12) +
		(step === 1 ? "-" + String(month % 12 + 1).padStart(2, "0") : step === 3 ? " Q" + (month % 12 / 3 + 1) : "");
	const graph = draw("svg", {viewBox: "0 0 300 90", role: "img",
		"aria-label": `${title}: most, ${number(most)}, in ${nameOf(columns.find((c) => c.live + c.rest === most))}`});

	columns.forEach((column, i) => {
		const live = 86 * column.live / most;
		const rest = 86 * column.rest / most;
		const x = i * width;
		const gap = Math.min(1, width / 4);
		graph.append(draw("g", {},
			draw("title", {}, `${nameOf(column)}: ${number(column.live + column.rest)}`),
			draw("rect", {class: "live", x, y: 88 - live, width: width - gap, height: live}),
			draw("rect", {class: "rest", x, y: 88 - live - rest, width: width - gap, height: rest})));
	});
	graph.append(draw("line", {class: "axis", x1: 0, x2: 300, y1: 88.5, y2: 88.5}));
	return make("section", {class: "chart"}, make("h3", {}, title), graph,
		make("p", {class: "years"}, make("span", {}, nameOf(columns[0])),
			make("span", {}, nameOf(columns[columns.length - 1]))), key());
}

/* Bars of a few lengths of time. */
function stayChart() {
	const steps = [["under a day", 1], ["under a week", 7], ["under a month", 30], ["under a year", 365],
		["longer", Infinity]].map(([name, days]) => ({name, most: days * DAY, live: 0, rest: 0}));
	const known = shown.filter((finding) => !Number.isNaN(stayed(finding)));

	for (const finding of known)
		steps.find(({most}) => stayed(finding) < most)[isLive(finding) ? "live" : "rest"]++;
	if (!known.length)
		return null;
	const most = Math.max(...steps.map(({live, rest}) => live + rest));
	return make("section", {class: "chart"}, make("h3", {}, "How long they stayed"),
		make("ul", {class: "bars"}, ...steps.map((step) => make("li", {class: "row"},
			make("span", {class: "name"}, step.name), bar(step, most),
			make("span", {class: "count"}, number(step.live + step.rest))))));
}

function key() {
	const square = (name) => draw("svg", {viewBox: "0 0 1 1", "aria-hidden": "true"},
		draw("rect", {class: name, width: 1, height: 1}));
	return make("p", {class: "key"}, make("span", {}, square("live"), "live"),
		make("span", {}, square("rest"), "the rest"));
}

function drawCharts() {
	const ruleOf = (finding) => data.rules[finding.rule][2];
	const pathOf = (finding) => data.paths[finding.places[0][0]] || "(no path)";
	const parts = [barChart("By provider", tally(ruleOf), "rule", (key) => "p" + key, (key) => key)];

	if (several)
		parts.push(barChart("By repository", tally((finding) => finding.repository), "repository",
			String, (key) => names[key]));
	else
		parts.push(barChart("By file", tally(pathOf), "search", (key) => key, (key) => key));
	if (isHistory)
		parts.push(make("div", {class: "times"}, timeChart(), stayChart()));
	charts.replaceChildren(...parts.filter((part) => part !== null));
	charts.hidden = shown.length === 0;
}

/* ---- What people do ---- */

const tiles = document.querySelectorAll(".tile");

function update() {
	shown = matching();
	filters.found.textContent = shown.length === findings.length ? count(shown.length, "finding")
		: `${number(shown.length)} of ${count(findings.length, "finding")}`;
	for (const tile of tiles)
		tile.setAttribute("aria-current", tile.hash.slice(1) === filters.urgency.value);
	drawCharts();
	drawList();
}

function copy(button) {
	const text = button.previousElementSibling;
	getSelection().selectAllChildren(text);
	navigator.clipboard.writeText(text.textContent).then(() => { button.textContent = "Copied"; },
		() => { button.textContent = "Press Ctrl+C"; });
}

/* A bar sets its filter, and takes it away when it is pressed again. */
function press(button) {
	const {filter, value} = button.dataset;
	filters[filter].value = filters[filter].value === value ? "" : value;
	update();
	const again = [...charts.querySelectorAll("button")].find((other) => other.dataset.value === value);
	if (again)
		again.focus();
}

/* A tile shows its findings only, and all again when it is pressed again. */
function pressTile(tile) {
	const urgency = tile.hash.slice(1);
	filters.urgency.value = filters.urgency.value === urgency ? "" : urgency;
	update();
	controls.scrollIntoView();
}

/* Up and down lead from finding to finding. */
function step(event) {
	const direction = {ArrowDown: 1, ArrowUp: -1}[event.key];
	if (!direction || !event.target.matches(".finding > summary"))
		return;
	const all = [...list.querySelectorAll(".finding > summary")];
	const next = all[all.indexOf(event.target) + direction];
	if (next) {
		event.preventDefault();
		next.focus();
	}
}

function listen() {
	let waiting = 0;
	controls.addEventListener("input", () => {
		clearTimeout(waiting);
		waiting = setTimeout(update, 60);
	});
	filters.clear.addEventListener("click", () => {
		for (const name of ["search", "rule", "state", "repository", "level", "urgency"])
			filters[name].value = "";
		update();
		filters.search.focus();
	});
	charts.addEventListener("click", (event) => {
		const button = event.target.closest("button");
		if (button)
			press(button);
	});
	for (const tile of tiles) {
		tile.addEventListener("click", (event) => {
			event.preventDefault();
			pressTile(tile);
		});
	}
	list.addEventListener("toggle", (event) => {
		if (event.target.matches(".finding") && event.target.open)
			open(event.target);
	}, true);
	list.addEventListener("click", (event) => {
		if (event.target === sentinel)
			drawMore(BATCH);
		else if (event.target.matches(".copy button"))
			copy(event.target);
	});
	list.addEventListener("keydown", step);
	addEventListener("beforeprint", () => drawMore(Math.max(0, PRINTED - drawn)));
}

addControls();
update();
listen();

/** Attributes and properties of a new element; `on…` entries are event listeners. */
export type Attributes = Readonly<
  Record<string, string | number | boolean | ((event: Event) => void) | undefined>
>;

/**
 * Make an HTML element.
 * @param attributes Attributes; `true` sets an empty one, `false` and `undefined` none.
 * @param children Elements and texts; texts stay texts, whatever they hold.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: (Node | string | undefined)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== undefined));
  return element;
}

/** Make an SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string | number>> = {},
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** A button with a word on it, or a sign with its word as the name. */
export function button(label: string, action: () => void, sign?: string): HTMLButtonElement {
  return h(
    'button',
    {
      type: 'button',
      class: 'cmx-button',
      title: sign ? label : undefined,
      'aria-label': sign ? label : undefined,
      onclick: action,
    },
    sign ?? label,
  );
}

/** A control with its label in front of it. */
export function labelled(label: string, control: HTMLElement): HTMLLabelElement {
  return h('label', { class: 'cmx-labelled' }, h('span', {}, label), control);
}

/** A choice among a few words. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  value: string,
  action: (value: string) => void,
): HTMLLabelElement {
  const select = h(
    'select',
    { onchange: () => action(select.value) },
    ...options.map(([v, text]) => h('option', { value: v, selected: v === value }, text)),
  );
  return labelled(label, select);
}

/** A button that opens a short list of further buttons. */
export function menu(
  label: string,
  items: readonly (readonly [label: string, action: () => void])[],
): HTMLDetailsElement {
  const list = h(
    'div',
    { class: 'cmx-menu' },
    ...items.map(([text, action]) =>
      button(text, () => {
        details.open = false;
        summary.focus();
        action();
      }),
    ),
  );
  const summary = h('summary', { class: 'cmx-button' }, label);
  const details = h(
    'details',
    {
      class: 'cmx-menu-holder',
      onkeydown: (event) => {
        if ((event as KeyboardEvent).key !== 'Escape' || !details.open) return;
        details.open = false;
        summary.focus();
        event.stopPropagation();
      },
      onfocusout: (event) => {
        const next = (event as FocusEvent).relatedTarget;
        if (next instanceof Node && !details.contains(next)) details.open = false;
      },
    },
    summary,
    list,
  );
  return details;
}

/**
 * Keep keys typed in an element from the notebook's one-key commands ("a" adds a cell there).
 * JupyterLab looks for the mark on the focused element itself first, so an ancestor's is too late.
 */
export function keepKeys(root: HTMLElement): void {
  root.addEventListener('focusin', ({ target }) => {
    if (target instanceof Element) target.setAttribute('data-lm-suppress-shortcuts', 'true');
  });
}

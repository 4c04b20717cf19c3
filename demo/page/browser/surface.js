/** A canvas that is as sharp as the screen, and knows its size in CSS pixels. */
export class Surface {
  width = 0;
  height = 0;
  #canvas;
  #resized;

  /** @param resized called with this after the size has changed, and once at the beginning */
  constructor(canvas, resized) {
    this.#canvas = canvas;
    this.#resized = resized;
    this.context = canvas.getContext('2d');
    new ResizeObserver(() => this.#fit()).observe(canvas);
    this.#fit();
  }

  get scale() {
    return Math.min(3, devicePixelRatio || 1);
  }

  #fit() {
    const { clientWidth, clientHeight } = this.#canvas;
    const { scale } = this;
    if (clientWidth === this.width && clientHeight === this.height && this.#canvas.width === clientWidth * scale)
      return;
    this.width = clientWidth;
    this.height = clientHeight;
    this.#canvas.width = clientWidth * scale;
    this.#canvas.height = clientHeight * scale;
    this.#resized?.(this);
  }
}

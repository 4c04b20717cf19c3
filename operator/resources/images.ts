/**
 * Which image a part runs. A new version of the operator has other defaults, and must not roll what runs: so the default that a part was
 * made with is written down with it, and holds until its document says otherwise, or until it is told to follow.
 */
import { annotations, type Component } from './labels.ts';
import type { Pipeline } from './pipeline.ts';

/** On a StatefulSet or Deployment: the image that it runs while its document names none. */
export const defaultImageAnnotation = 'mqttkafka.dev/default-image';

export interface ChosenImage {
  readonly image: string;
  /** To be written down with the part. */
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * @param named what the document says
 * @param newest the operator's default of now
 */
export function chooseImage(
  { document, settings, observed }: Pipeline,
  component: Component,
  named: string | undefined,
  newest: string,
): ChosenImage {
  const updates = document.metadata.annotations?.[annotations.imageUpdates] ?? settings.imageUpdates;
  const pulled = mirrored(newest, settings.defaults.registry);
  const byDefault = updates === 'follow' ? pulled : (observed.images[component] ?? pulled);
  return { image: named ?? byDefault, annotations: { [defaultImageAnnotation]: byDefault } };
}

/**
 * Of a part that has no state, and whose document the operator writes: it follows always, since an older image would refuse what is new in the document, and
 * not start.
 */
export function followedImage({ settings }: Pipeline, named: string | undefined, newest: string): ChosenImage {
  const byDefault = mirrored(newest, settings.defaults.registry);
  return { image: named ?? byDefault, annotations: { [defaultImageAnnotation]: byDefault } };
}

/** An image that names no registry, from one. As Docker has it, what is before the first slash is a registry if it may be a host. */
function mirrored(image: string, registry: string | undefined): string {
  const [host, ...path] = image.split('/');
  const named = path.length > 0 && (/[.:]/.test(host!) || host === 'localhost');
  return registry === undefined || named ? image : `${registry}/${image}`;
}

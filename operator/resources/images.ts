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
  const byDefault = updates === 'follow' ? newest : (observed.images[component] ?? newest);
  return { image: named ?? byDefault, annotations: { [defaultImageAnnotation]: byDefault } };
}

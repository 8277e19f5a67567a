/** The words about what was before and after an alert. */
export const clipsText = {
  play: 'Play what happened',
  playOf: (camera: string) => `Play what happened at ${camera}, from before the alert to after it`,
  recording: 'Being recorded: it can be played a few seconds after it ends.',
  missing: 'The clip has not arrived: the engine is away, or has lost it.',
  loading: 'Fetching the clip',
  failed: 'The clip could not be fetched.',
  cannotPlay: 'This browser cannot play the camera\u2019s kind of video. Download it, and another player may.',
  clipOf: (camera: string) => `Video from ${camera} around the moment of the alert`,
  moment: 'Moment of the alert',
  momentAt: (seconds: string) => `Moment of the alert, ${seconds} s into the clip`,
  download: 'Download',
  begins: 'Begins',
};

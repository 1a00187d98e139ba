/** Where Slack keeps files, and takes them. */
export const FILES_HOST = 'files.slack.com';

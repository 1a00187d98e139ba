import type { ChatContext, Role } from '../model/identity';

/** What strangers are told. None of it says whether a code is open, who owns the bot or who is let in. */
export const texts = {
  pairing(context: ChatContext): string {
    return context === 'dm'
      ? 'This bot only works for people its owner has let in. Ask the owner for a pairing code, which is shown in their VS Code, and send it here as a message of its own.'
      : 'This bot is not connected to this conversation, or not to you in it. Ask its owner for a pairing code made for groups, which is shown in their VS Code. Then mention the bot here and write nothing but the code after it.';
  },
  wrongCode(): string {
    return 'That code does not work here. It may be mistyped, used or out of time: a code lives a few minutes and works once. Ask the owner for a new one.';
  },
  locked(ms: number): string {
    return `Too many wrong codes. Codes from you are not looked at for ${duration(ms)}; after that, ask the owner for a new one.`;
  },
  welcome(context: ChatContext, role: Role, newConversation: boolean): string {
    const place = newConversation
      ? 'This conversation is connected now, and so are you. Other members each need a code of their own, or to be paired in a direct message.'
      : context === 'dm'
        ? 'You are paired now.'
        : 'You are let in here now.';
    return `${place} Your role is ${role}. Send /help to see what you can ask for.`;
  },
  already(): string {
    return 'You already have access here, so no code is needed. If that was an open code, it is used up now.';
  },
  role(needed: Role, has: Role): string {
    return `Only people with the role ${needed} or above may ask for things here; yours is ${has}. The owner can change it in VS Code, under Users.`;
  },
};

/** `90000` gives `2 minutes`: rounded up, for people who wait. */
function duration(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / 60_000));
  if (minutes < 120) return minutes === 1 ? '1 minute' : `${minutes} minutes`;
  const hours = Math.ceil(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.ceil(hours / 24)} days`;
}

/** Controls, line breaks, and what is invisible or turns the direction of text. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]+/gu;
const NAME_MAX = 80;

/** A display name fit to be shown among others; decoration, so what cannot be shown is simply left out. */
export function cleanName(name: string, sender: string): string {
  const clean = (text: string): string =>
    [
      ...text
        .slice(0, NAME_MAX * 4)
        .replace(UNSHOWABLE, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    ]
      .slice(0, NAME_MAX)
      .join('');
  return clean(name) || clean(sender) || '?';
}

import { z } from 'zod';

export const entity = z.looseObject({
  type: z.enum(['pre', 'code', 'bold', 'italic', 'text_link', 'mention', 'bot_command']),
  offset: z.number().int().min(0),
  length: z.number().int().min(1),
  language: z.string().optional(),
});
export const keyboard = z.strictObject({
  inline_keyboard: z.array(
    z.array(
      z.strictObject({
        text: z.string().min(1),
        callback_data: z.string().refine((data) => {
          const bytes = Buffer.byteLength(data);
          return bytes >= 1 && bytes <= 64;
        }, 'BUTTON_DATA_INVALID'),
      }),
    ),
  ),
});
const chatId = z.union([z.number(), z.string()]);
const textFields = {
  chat_id: chatId,
  text: z.string(),
  entities: z.array(entity).optional(),
  link_preview_options: z.strictObject({ is_disabled: z.boolean() }).optional(),
  reply_markup: keyboard.optional(),
};
export const METHODS = {
  getMe: z.strictObject({}),
  getUpdates: z.strictObject({
    offset: z.number().int().optional(),
    limit: z.number().int().min(1).max(100).optional(),
    timeout: z.number().int().min(0).optional(),
    allowed_updates: z.array(z.string()).optional(),
  }),
  sendMessage: z.strictObject({
    ...textFields,
    reply_parameters: z
      .strictObject({ message_id: z.number().int(), allow_sending_without_reply: z.boolean().optional() })
      .optional(),
  }),
  editMessageText: z.strictObject({ ...textFields, message_id: z.number().int() }),
  answerCallbackQuery: z.strictObject({ callback_query_id: z.string() }),
  getFile: z.strictObject({ file_id: z.string() }),
  sendChatAction: z.strictObject({ chat_id: chatId, action: z.enum(['typing', 'upload_document']) }),
  sendDocument: z.strictObject({
    chat_id: chatId,
    reply_parameters: z.string().optional(),
    document: z.instanceof(File).refine((file) => file.size > 0 && file.size <= 50 * 1024 * 1024),
  }),
  setWebhook: z.strictObject({
    url: z.url(),
    secret_token: z.string().regex(/^[A-Za-z0-9_-]{1,256}$/),
    allowed_updates: z.array(z.string()),
    max_connections: z.number().int().min(1).max(100).optional(),
  }),
  deleteWebhook: z.strictObject({ drop_pending_updates: z.boolean().optional() }),
} as const;

DROP TABLE IF EXISTS `{{p}}message_meta`;
DROP TABLE IF EXISTS `{{p}}stars`;
ALTER TABLE `{{p}}participants` DROP KEY sentbox, DROP COLUMN last_sent_at;

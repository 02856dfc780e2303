DROP TABLE IF EXISTS `{{p}}deliveries`;
DROP TABLE IF EXISTS `{{p}}signals`;
DROP TABLE IF EXISTS `{{p}}last_seen`;
DROP TABLE IF EXISTS `{{p}}presence`;
DROP TABLE IF EXISTS `{{p}}nodes`;
ALTER TABLE `{{p}}preferences` DROP COLUMN typing, DROP COLUMN receipts, DROP COLUMN presence;

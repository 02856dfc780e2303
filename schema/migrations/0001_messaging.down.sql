DROP TABLE IF EXISTS `{{p}}events`;
DROP TABLE IF EXISTS `{{p}}audit_log`;
DROP TABLE IF EXISTS `{{p}}preferences`;
DROP TABLE IF EXISTS `{{p}}reports`;
DROP TABLE IF EXISTS `{{p}}message_text`;
DROP TABLE IF EXISTS `{{p}}messages`;
DROP TABLE IF EXISTS `{{p}}participants`;
DROP TABLE IF EXISTS `{{p}}conversations`;

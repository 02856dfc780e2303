DROP TABLE IF EXISTS `{{p}}import_remap`;
DROP TABLE IF EXISTS `{{p}}import_originals`;
DROP TABLE IF EXISTS `{{p}}import_threads`;
DROP TABLE IF EXISTS `{{p}}import_sources`;
ALTER TABLE `{{p}}participants` DROP COLUMN imported_state;
ALTER TABLE `{{p}}messages` DROP COLUMN imported_from;

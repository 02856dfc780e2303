-- Tables of Jetonomy 1.9.3 that the recorded site does not hold (contract 4.2, 4.5).
CREATE TABLE `wp_jt_notifications` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `user_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `actor_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `actor_anonymous` tinyint(1) NOT NULL DEFAULT 0,
  `type` varchar(50) NOT NULL DEFAULT '',
  `object_type` enum('post','reply','space','badge','message') NOT NULL DEFAULT 'post',
  `object_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `message` varchar(500) NOT NULL DEFAULT '',
  `is_read` tinyint(1) NOT NULL DEFAULT 0,
  `created_at` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  PRIMARY KEY (`id`),
  KEY `user_read_created` (`user_id`,`is_read`,`created_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE `wp_jt_flags` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `reporter_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `object_type` enum('post','reply','user') NOT NULL DEFAULT 'post',
  `object_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `reason` enum('spam','offensive','off_topic','harassment','other') NOT NULL DEFAULT 'other',
  `description` text DEFAULT NULL,
  `status` enum('pending','valid','dismissed') NOT NULL DEFAULT 'pending',
  `resolved_by` bigint(20) unsigned DEFAULT NULL,
  `resolved_at` datetime DEFAULT NULL,
  `created_at` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  PRIMARY KEY (`id`),
  KEY `status_created` (`status`,`created_at`),
  KEY `object` (`object_type`,`object_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

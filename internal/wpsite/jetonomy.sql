-- The tables of the free plugin Jetonomy, as far as messaging looks at them.

CREATE TABLE `wp_jt_user_profiles` (
  `user_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `display_name` varchar(255) NOT NULL DEFAULT '',
  `bio` longtext DEFAULT NULL,
  `avatar_url` varchar(255) DEFAULT NULL,
  `trust_level` tinyint(3) unsigned NOT NULL DEFAULT 0,
  `reputation` int(11) NOT NULL DEFAULT 0,
  `post_count` int(11) NOT NULL DEFAULT 0,
  `reply_count` int(11) NOT NULL DEFAULT 0,
  `vote_received` int(11) NOT NULL DEFAULT 0,
  `badges` longtext DEFAULT NULL,
  `settings` longtext DEFAULT NULL,
  `last_seen_at` datetime DEFAULT NULL,
  `created_at` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `updated_at` datetime DEFAULT NULL,
  `verification_reminder_sent_at` datetime DEFAULT NULL,
  PRIMARY KEY (`user_id`),
  KEY `trust_reputation` (`trust_level`,`reputation`),
  KEY `trust_user` (`trust_level`,`user_id`),
  KEY `seen_reputation` (`last_seen_at`,`reputation`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE `wp_jt_spaces` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `category_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `parent_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `author_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `type` enum('forum','qa','ideas','feed') NOT NULL DEFAULT 'forum',
  `title` varchar(255) NOT NULL DEFAULT '',
  `slug` varchar(255) NOT NULL DEFAULT '',
  `description` longtext DEFAULT NULL,
  `icon` varchar(255) DEFAULT NULL,
  `cover_image` varchar(255) DEFAULT NULL,
  `visibility` enum('public','private','hidden') NOT NULL DEFAULT 'public',
  `join_policy` enum('open','approval','invite') NOT NULL DEFAULT 'open',
  `status` enum('active','archived','locked') NOT NULL DEFAULT 'active',
  `sort_order` int(11) NOT NULL DEFAULT 0,
  `settings` longtext DEFAULT NULL,
  `post_count` int(11) NOT NULL DEFAULT 0,
  `member_count` int(11) NOT NULL DEFAULT 0,
  `last_activity_at` datetime DEFAULT NULL,
  `created_at` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  `updated_at` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  PRIMARY KEY (`id`),
  UNIQUE KEY `slug` (`slug`),
  KEY `category_sort` (`category_id`,`sort_order`),
  KEY `parent_sort` (`parent_id`,`sort_order`),
  KEY `visibility_sort` (`visibility`,`sort_order`),
  KEY `sitemap_vis_status_id` (`visibility`,`status`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE `wp_jt_space_members` (
  `space_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `user_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `role` enum('viewer','member','moderator','admin') NOT NULL DEFAULT 'member',
  `joined_at` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  PRIMARY KEY (`space_id`,`user_id`),
  KEY `user_joined` (`user_id`,`joined_at`),
  KEY `space_role_joined` (`space_id`,`role`,`joined_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE `wp_jt_restrictions` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `user_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `type` enum('global_ban','space_ban','silence','post_restrict','ip_ban') NOT NULL DEFAULT 'silence',
  `space_id` bigint(20) unsigned DEFAULT NULL,
  `reason` text DEFAULT NULL,
  `issued_by` bigint(20) unsigned NOT NULL DEFAULT 0,
  `expires_at` datetime DEFAULT NULL,
  `created_at` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  PRIMARY KEY (`id`),
  KEY `user_type_space` (`user_id`,`type`,`space_id`),
  KEY `expires` (`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE `wp_jt_blocked_users` (
  `blocker_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `blocked_id` bigint(20) unsigned NOT NULL DEFAULT 0,
  `created_at` datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  PRIMARY KEY (`blocker_id`,`blocked_id`),
  KEY `blocker_created` (`blocker_id`,`created_at`),
  KEY `blocked_id` (`blocked_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

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
  KEY `status_created` (`status`,`created_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

INSERT INTO `wp_jt_spaces` (`id`, `author_id`, `title`, `slug`, `description`, `created_at`, `updated_at`) VALUES
  (1, 1, 'General', 'general', 'Everyone', UTC_TIMESTAMP(), UTC_TIMESTAMP()),
  (2, 1, 'Garden', 'garden', 'What grows', UTC_TIMESTAMP(), UTC_TIMESTAMP());

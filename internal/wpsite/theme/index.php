<!doctype html>
<html <?php language_attributes(); ?>>
<head>
<meta charset="<?php bloginfo( 'charset' ); ?>">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title><?php bloginfo( 'name' ); ?></title>
<link rel="stylesheet" href="<?php echo esc_url( get_stylesheet_uri() ); ?>">
<?php wp_head(); ?>
</head>
<body>
<main>
<h1><?php bloginfo( 'name' ); ?></h1>
<p><?php bloginfo( 'description' ); ?>.
<?php if ( is_user_logged_in() ) : ?>
You are <?php echo esc_html( wp_get_current_user()->display_name ); ?>.
<?php endif; ?></p>
<nav>
<a href="<?php echo esc_url( home_url( '/community/messages/' ) ); ?>">Messages</a>
<?php wp_loginout( home_url( '/community/messages/' ) ); ?>
</nav>
</main>
<?php wp_footer(); ?>
</body>
</html>

<?php
/**
 * The inbox inside Jetonomy's frame; Jetonomy includes this file.
 *
 * @package Parley
 */

defined( 'ABSPATH' ) || exit;
?>
<nav class="parley-breadcrumb" aria-label="<?php esc_attr_e( 'Breadcrumb', 'parley' ); ?>">
	<a href="<?php echo esc_url( home_url( '/' . parley_base_slug() . '/' ) ); ?>"><?php esc_html_e( 'Home', 'parley' ); ?></a>
	<span aria-hidden="true">/</span>
	<span aria-current="page"><?php echo esc_html( parley_page_title() ); ?></span>
</nav>
<h1 class="parley-sr"><?php echo esc_html( parley_page_title() ); ?></h1>
<?php
echo parley_page_inbox(); // phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- escaped where it is made.
